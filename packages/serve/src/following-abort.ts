import { setMaxListeners } from 'node:events';

/** A controller that ends with a signal too, until `unfollow`. */
export interface FollowingAbort {
  readonly abort: AbortController;
  unfollow(): void;
}

/** `AbortSignal.any` would do, but Node keeps such a signal for good while somebody listens, and all that the listener holds. */
export function followingAbort(signal: AbortSignal): FollowingAbort {
  const abort = new AbortController();
  // Each picture of a request listens.
  setMaxListeners(0, abort.signal);
  const follow = (): void => abort.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return { abort, unfollow: () => signal.removeEventListener('abort', follow) };
}
