import { HubError } from './hub-error.ts';

/** A cache that cannot be read or written, for people; Residual's own errors stay what they are. */
export function cacheError(place: string, cause: unknown): unknown {
  if (HubError.isInstance(cause)) return cause;
  const { code, name } = cause as { code?: unknown; name?: unknown };
  const why = String(code ?? name ?? cause);
  const isFull = why === 'ENOSPC' || why === 'EDQUOT' || why === 'QuotaExceededError';
  const advice = isFull ? 'make room, or clear the cache' : 'check its permissions';
  return new HubError('cache', place, `the cache could not be used (${why}); ${advice}, or choose another place`, {
    cause,
  });
}
