import type { FastifyReply } from 'fastify';

/** Ends when the client goes before it has its answer. */
export function whileConnected(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort(new Error('the client is gone'));
  });
  return abort.signal;
}
