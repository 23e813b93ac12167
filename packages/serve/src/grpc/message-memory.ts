import { MOST_VALUE_BYTES } from '../protocol/json-memory.ts';

/** What becomes of a field with its tag, at most: `InferTensorContents` has eight lists, and everything is made twice. */
const FIELD_BYTES = 600;
/** A number of a packed list: its place in an array that grows by half, and in a second one. */
const NUMBER_BYTES = 24;
/** One of 64 bits, which is an object in the first of them. */
const LONG_BYTES = 72;

/** The longest varints, of 32 bits and of 64. */
const VARINT32_BYTES = 5;
const VARINT64_BYTES = 10;

/** A field as it is written: by its wire type, and by what its bytes hold where it has a length. */
interface Field {
  readonly wireType: 0 | 1 | 2;
  /** Where the value is a varint. */
  readonly longest?: number;
  /** Where it is a message. */
  readonly fields?: Fields;
  /** Where it is a packed list: what becomes of each number, and its bytes where all have the same. */
  readonly taken?: number;
  readonly each?: number;
}
type Fields = ReadonlyMap<number, Field>;

const flag: Field = { wireType: 0, longest: VARINT32_BYTES };
const long: Field = { wireType: 0, longest: VARINT64_BYTES };
const double: Field = { wireType: 1 };
/** Text, or bytes. */
const text: Field = { wireType: 2 };
const ints: Field = { wireType: 2, taken: NUMBER_BYTES };
const longs: Field = { wireType: 2, taken: LONG_BYTES };
const floats: Field = { wireType: 2, taken: NUMBER_BYTES, each: 4 };
const doubles: Field = { wireType: 2, taken: NUMBER_BYTES, each: 8 };

/** A message by its fields from number 1 on. */
function message(...fields: readonly Field[]): Field & { readonly fields: Fields } {
  return { wireType: 2, fields: new Map(fields.map((field, index) => [index + 1, field])) };
}

const parameter = message(flag, long, text, double, long);
/** An entry of a map. */
const parameters = message(text, parameter);
const contents = message(ints, ints, longs, ints, longs, floats, doubles, text);
const input = message(text, text, longs, parameters, contents);
const output = message(text, parameters);
const inferRequest = message(text, text, text, parameters, input, output, text);

/**
 * Whether the values of a `ModelInferRequest` may take more than {@link MOST_VALUE_BYTES}: fields of two bytes become objects of
 * hundreds. protobufjs goes by a field's number, whatever its wire type, and reads 32 bits of a tag or a length; bytes that it might
 * read otherwise than they are counted here are refused. So are groups, and lists of numbers that are not packed: no proto3 client
 * writes them.
 *
 * @throws Error where the bytes are no such message
 * @see https://protobuf.dev/programming-guides/encoding
 */
export function mayTakeTooMuch(request: Uint8Array): boolean {
  return takenBy(request, 0, request.length, inferRequest.fields) > MOST_VALUE_BYTES;
}

function takenBy(bytes: Uint8Array, start: number, end: number, fields: Fields): number {
  let taken = 0;
  let at = start;
  const skip = (length: number): void => {
    if (length > end - at) throw new RangeError(`expected ${length} bytes more at ${at}, got ${end - at}`);
    at += length;
  };
  const varint = (longest: number): number => {
    let value = 0;
    for (let scale = 1; scale < 128 ** longest; scale *= 128) {
      skip(1);
      const byte = bytes[at - 1]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new RangeError(`expected a varint of ${longest} bytes at most before ${at}, got more`);
  };
  /** A tag or a length. */
  const varint32 = (): number => {
    const value = varint(VARINT32_BYTES);
    if (value >= 2 ** 32) throw new RangeError(`expected 32 bits before ${at}, got more`);
    return value;
  };
  while (at < end && taken <= MOST_VALUE_BYTES) {
    const tag = varint32();
    const field = fields.get(Math.floor(tag / 8));
    const wireType = tag % 8;
    if (field !== undefined && field.wireType !== wireType)
      throw new TypeError(`expected wire type ${field.wireType} before ${at}, got ${wireType}`);
    taken += FIELD_BYTES;
    if (wireType === 0) varint(field?.longest ?? VARINT64_BYTES);
    else if (wireType === 1) skip(8);
    else if (wireType === 5) skip(4);
    else if (wireType === 2) {
      const length = varint32();
      const from = at;
      skip(length);
      if (field?.fields !== undefined) taken += takenBy(bytes, from, at, field.fields);
      if (field?.taken !== undefined)
        taken += field.taken * (field.each === undefined ? countVarints(bytes, from, at) : length / field.each);
    } else throw new TypeError(`expected wire type 0, 1, 2 or 5 before ${at}, got ${wireType}`);
  }
  return taken;
}

/** Of a packed list. protobufjs takes ten bytes where five don't end a number, so that a run of ten would be a number of its own. */
function countVarints(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  let open = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at]! < 128) {
      count++;
      open = 0;
    } else if (++open === VARINT64_BYTES)
      throw new RangeError(`expected a varint of ${VARINT64_BYTES} bytes at most before ${at + 1}, got more`);
  }
  if (open > 0) throw new RangeError(`expected the end of a varint before ${end}, got the end of its list`);
  return count;
}
