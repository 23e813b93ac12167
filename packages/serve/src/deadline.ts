import { followingAbort } from './following-abort.ts';
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
  const { abort, unfollow } = followingAbort(signal);
  const leftMs = Math.min(Math.max(0, deadlineMs - performance.now()), 2 ** 31 - 1);
  const timer = setTimeout(() => abort.abort(tooLate()), leftMs);
  try {
    return await work(abort.signal);
  } finally {
    clearTimeout(timer);
    unfollow();
  }
}

export function tooLate(): ProtocolError {
  return new ProtocolError(
    504,
    'the request could not be answered in its time; give it more, or try when less is waiting',
  );
}
