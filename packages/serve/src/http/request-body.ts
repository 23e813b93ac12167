import type { FastifyInstance } from 'fastify';
import { ProtocolError } from '../protocol/protocol-error.ts';

/** Bodies of every type are bytes; who reads them says what they should be. Compressed ones are refused: they lie about their size. */
export function takeBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity')
      throw new ProtocolError(
        415,
        `Content-Encoding: expected none, got '${encoding.slice(0, 40)}'; send the body as it is`,
      );
  });
}

/** @throws ProtocolError with status 400 where there is none. */
export function bytesOfBody(body: unknown): Uint8Array {
  if (body instanceof Uint8Array && body.length > 0) return body;
  throw new ProtocolError(400, 'the body: expected a request, got nothing');
}
