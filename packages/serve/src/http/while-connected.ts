import type { FastifyReply } from 'fastify';
import { clientGone } from '../protocol/protocol-error.ts';

/** Ends when the client goes before it has its answer. */
export function whileConnected(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort(clientGone());
  });
  return abort.signal;
}
