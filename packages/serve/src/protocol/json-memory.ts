import { ProtocolError } from './protocol-error.ts';

/**
 * Most bytes that the values of a body may take. What is written in two or three bytes takes a hundred as an object, and an engine that
 * has no more memory ends its process. There is room for a flat list of the 64 pictures that a tensor has at most.
 */
export const MOST_VALUE_BYTES: number = 256 * 2 ** 20;

/** What stands behind a byte of JSON takes so much at most: a place and a number, a list, an object, a field and its name, half a text. */
const taken = new Uint8Array(256);
taken[','.charCodeAt(0)] = 24;
taken['['.charCodeAt(0)] = 72;
taken['{'.charCodeAt(0)] = 64;
taken[':'.charCodeAt(0)] = 96;
taken['"'.charCodeAt(0)] = 16;

const MOST_OF_A_BYTE = 96;

/** Whether the values of JSON may take more than {@link MOST_VALUE_BYTES}; told from its bytes, before anything is made of them. */
export function mayTakeTooMuch(json: Uint8Array): boolean {
  if (json.length * MOST_OF_A_BYTE <= MOST_VALUE_BYTES) return false;
  let bytes = 0;
  for (let at = 0; at < json.length; at++) bytes += taken[json[at]!]!;
  return bytes > MOST_VALUE_BYTES;
}

/** The refusal, with what to send instead. */
export function tooMuch(instead: string): ProtocolError {
  const most = `${MOST_VALUE_BYTES / 2 ** 20} MiB`;
  return new ProtocolError(413, `the request: expected values of ${most} at most, got more; send ${instead}`);
}
