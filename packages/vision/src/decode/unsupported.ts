import { DecodeError } from '../decode-error.ts';

/** A picture of a kind that no decoder here reads. `got`: what it is; `next`: what to do about it. */
export function unsupported({ source }: { readonly source: string }, got: string, next: string): DecodeError {
  return new DecodeError('FORMAT_UNSUPPORTED', source, `expected a picture that can be decoded, got ${got}; ${next}`);
}
