import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProtocolError } from '../protocol/protocol-error.ts';

/** A code of the framework's errors that means the client's mistake, in our words. */
const known: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length: expected the bytes of the body',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body: expected a request, got nothing',
};

/** Every error is the protocol's `{ "error": "…" }`; of our own mistakes the client hears nothing but that there was one. */
export function answerErrors(app: FastifyInstance, onFault: (error: unknown) => void): void {
  app.setErrorHandler((error, _request, reply) => {
    if (ProtocolError.isInstance(error)) return sendError(reply, error);
    const { code = '', statusCode = 500, message } = error as { code?: string; statusCode?: number; message: string };
    if (statusCode < 500) return sendError(reply, new ProtocolError(statusCode, known[code] ?? message));
    onFault(error);
    return sendError(reply, new ProtocolError(500, 'the server failed; its log says why'));
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, noAddress(request)));
}

export function sendError(reply: FastifyReply, { status, message }: ProtocolError): FastifyReply {
  if (status === 503) reply.header('Retry-After', '1');
  return reply
    .code(status)
    .type('application/json')
    .send(JSON.stringify({ error: message }));
}

export function noAddress({ method, url }: FastifyRequest): ProtocolError {
  return new ProtocolError(404, `${`${method} ${url}`.slice(0, 120)}: there is no such address; see /v2`);
}

/** How long a client that does not read may keep its connection. */
const READING_MS = 1000;

/**
 * What came too slowly or is no HTTP is no request that a route could answer: its connection is answered, and ends.
 *
 * @param code Node's.
 * @returns the status
 */
export function answerUnread(code: string, socket: Socket, arrivalMs: number): number {
  const [status, reason, message] = unreadable(code, arrivalMs);
  const body = JSON.stringify({ error: message });
  const head = `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
  if (socket.writable) socket.write(head + body);
  socket.destroySoon();
  setTimeout(() => socket.destroy(), READING_MS).unref();
  return status;
}

function unreadable(code: string, arrivalMs: number): readonly [status: number, reason: string, message: string] {
  const late = `the request: expected all of it within ${arrivalMs} ms, got a part; send it faster`;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'Request Timeout', late];
  if (code === 'HPE_HEADER_OVERFLOW')
    return [431, 'Request Header Fields Too Large', 'the headers: expected 16 KiB at most, got more; send fewer'];
  if (code === 'HPE_INVALID_EOF_STATE') return [400, 'Bad Request', 'the request: expected all of it, got a part'];
  return [400, 'Bad Request', `the request: expected HTTP/1.1, got something else (${code})`];
}
