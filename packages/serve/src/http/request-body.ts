import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Held } from '../batching/admission.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import { BodyBuffers } from './body-buffers.ts';

/** Bodies of every type are bytes; who reads them says what they should be. Compressed ones are refused: they lie about their size. */
export function takeBytes(app: FastifyInstance, bodyBytes: number): void {
  const buffers = new BodyBuffers();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (request: FastifyRequest, payload: Readable) =>
    readBody(payload, request, bodyBytes, buffers),
  );
  app.addHook('onRequest', async ({ headers }) => {
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new ProtocolError(
        415,
        `Content-Encoding: expected none, got '${encoding.slice(0, 40)}'; send the body as it is`,
      );
    if (Number(headers['content-length'] ?? 0) > bodyBytes) throw tooLong(bodyBytes);
  });
}

/** A body, and what its request holds. @throws ProtocolError with status 400 where there is none. */
export function bodyOf({ body, held }: FastifyRequest): { readonly bytes: Uint8Array; readonly held: Held } {
  if (body instanceof Uint8Array && body.length > 0 && held) return { bytes: body, held };
  throw new ProtocolError(400, 'the body: expected a request, got nothing');
}

/**
 * A body of a length that is known goes into its place at once, such that the numbers behind the JSON lie as a view wants
 * them. @throws ProtocolError
 */
async function readBody(
  payload: Readable,
  request: FastifyRequest,
  most: number,
  buffers: BodyBuffers,
): Promise<Uint8Array> {
  const { 'content-length': length, 'inference-header-content-length': header } = request.headers;
  const shift = (4 - (Number(header ?? 0) % 4 || 0)) % 4;
  let bytes = buffers.take(shift + Number(length ?? 0));
  let end = shift;
  await eachPart(payload, (part) => {
    if (end - shift + part.length > most) throw tooLong(most);
    if (length === undefined) request.held?.take(0, part.length);
    if (end + part.length > bytes.length) bytes = grown(bytes, end + part.length);
    bytes.set(part, end);
    end += part.length;
  });
  // Not before: what is still on its way would be written into another request's.
  request.returnBody = () => buffers.give(bytes);
  return bytes.subarray(shift, end);
}

/** As they come: an iterator's promise for each would cost as much as its bytes. @throws ProtocolError, or what `take` throws */
function eachPart(payload: Readable, take: (part: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const partial = (error?: Error): void =>
      reject(new ProtocolError(400, 'the body: expected all of it, got a part', error));
    payload
      .on('data', (part: Uint8Array) => {
        try {
          take(part);
        } catch (error) {
          payload.removeAllListeners('data').pause();
          reject(error);
        }
      })
      .on('end', resolve)
      .on('error', partial)
      .on('close', () => partial());
  });
}

/** Room for so many bytes, and for as many more as there are. */
function grown(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(Math.max(length, 2 * bytes.length));
  larger.set(bytes);
  return larger;
}

function tooLong(most: number): ProtocolError {
  return new ProtocolError(413, `the body: expected ${most} bytes at most, got more; send several requests`);
}
