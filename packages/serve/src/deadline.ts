import { setMaxListeners } from 'node:events';
import { ProtocolError } from './protocol/protocol-error.ts';

/**
 * Runs work with a signal that ends with the client's, or at the deadline (by `performance.now()`), then by a `ProtocolError` of
 * status 504.
 */
export async function withDeadline<T>(
  { signal, deadlineMs }: { readonly signal: AbortSignal; readonly deadlineMs: number | undefined },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (deadlineMs === undefined) return work(signal);
  const late = new AbortController();
  const leftMs = Math.min(Math.max(0, deadlineMs - performance.now()), 2 ** 31 - 1);
  const timer = setTimeout(() => late.abort(tooLate()), leftMs);
  const either = AbortSignal.any([signal, late.signal]);
  // Each picture of a request listens.
  setMaxListeners(0, either);
  try {
    return await work(either);
  } finally {
    clearTimeout(timer);
  }
}

export function tooLate(): ProtocolError {
  return new ProtocolError(
    504,
    'the request could not be answered in its time; give it more, or try when less is waiting',
  );
}
