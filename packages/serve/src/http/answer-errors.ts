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
