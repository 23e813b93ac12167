import { MOST_VALUE_BYTES } from '../protocol/json-memory.ts';

/** A message, list or value that has a tag of its own takes so much at most, and a number of a packed list so much. */
const FIELD_BYTES = 600;
const NUMBER_BYTES = 12;

/** Fields that hold further ones, by their numbers: messages, or packed numbers by the least bytes of one. */
type Nested = ReadonlyMap<number, Nested | number>;

const parameters: Nested = new Map([[2, new Map()]]);
const contents: Nested = new Map([1, 2, 3, 4, 5, 6, 7].map((field) => [field, { 6: 4, 7: 8 }[field] ?? 1]));
/** `ModelInferRequest`. */
const inferRequest: Nested = new Map([
  [4, parameters],
  [
    5,
    new Map<number, Nested | number>([
      [3, 1],
      [4, parameters],
      [5, contents],
    ]),
  ],
  [6, parameters],
]);

/**
 * Whether a `ModelInferRequest` may take too much once it is read: fields of two bytes become objects of hundreds. Bytes that are
 * no such message are for its reader to refuse.
 *
 * @see https://protobuf.dev/programming-guides/encoding
 */
export function mayTakeTooMuch(message: Uint8Array): boolean {
  return takenBy(message, 0, message.length, inferRequest) > MOST_VALUE_BYTES;
}

function takenBy(bytes: Uint8Array, start: number, end: number, nested: Nested): number {
  let taken = 0;
  let at = start;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < end; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < end && taken <= MOST_VALUE_BYTES) {
    const tag = varint();
    taken += FIELD_BYTES;
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === 0) varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      const inside = nested.get(field);
      const stop = Math.min(end, at + length);
      if (typeof inside === 'number') taken += ((stop - at) / inside) * NUMBER_BYTES;
      else if (inside !== undefined) taken += takenBy(bytes, at, stop, inside);
      at = stop;
    } else return taken;
  }
  return taken;
}
