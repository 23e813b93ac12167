import type { FastifyInstance } from 'fastify';
import { ProtocolError } from '../protocol/protocol-error.ts';

/** A code of the framework's errors that means the client's mistake, in our words. */
const known: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'Content-Length: expected the bytes of the body',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'the body: expected a request, got nothing',
};

/** Every error is the protocol's `{ "error": "…" }`; of our own mistakes the client hears nothing but that there was one. */
export function answerErrors(app: FastifyInstance, onFault: (error: unknown) => void): void {
  app.setErrorHandler((error, _request, reply) => {
    if (ProtocolError.isInstance(error)) {
      if (error.status === 503) reply.header('Retry-After', '1');
      return reply.code(error.status).type('application/json').send(errorBody(error.message));
    }
    const { code = '', statusCode = 500, message } = error as { code?: string; statusCode?: number; message: string };
    if (statusCode < 500)
      return reply
        .code(statusCode)
        .type('application/json')
        .send(errorBody(known[code] ?? message));
    onFault(error);
    return reply.code(500).type('application/json').send(errorBody('the server failed; its log says why'));
  });
  app.setNotFoundHandler((request, reply) => {
    const asked = `${request.method} ${request.url}`.slice(0, 120);
    return reply
      .code(404)
      .type('application/json')
      .send(errorBody(`${asked}: there is no such address; see /v2`));
  });
}

function errorBody(message: string): string {
  return JSON.stringify({ error: message });
}
