import { floatsOfHalves } from '@residual/weights';
import { bytesElements } from './binary-data.ts';
import { asText, describe } from './json-fields.ts';
import { ProtocolError } from './protocol-error.ts';
import { countOf, type Datatype, datatypes, elementBytes, type Tensor } from './tensor.ts';

/** Most elements of a tensor: 64 pictures of 224 × 224. */
const MOST_ELEMENTS = 64 * 224 * 224 * 3;

/** Most elements of BYTES: each is a picture's file. */
const MOST_FILES = 4096;

/** What a tensor is, before its numbers. */
export interface TensorHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** @throws ProtocolError with status 400: a line that names the field, what was expected and what is there. */
export function readHead(place: string, name: unknown, datatype: unknown, shape: readonly unknown[]): TensorHead {
  if (!datatypes.includes(datatype as Datatype))
    throw new ProtocolError(400, `${place}.datatype: expected ${datatypes.join(', ')}, got ${describe(datatype)}`);
  const sizes = shape.map((size, axis) => {
    if (Number.isSafeInteger(size) && (size as number) >= 1) return size as number;
    throw new ProtocolError(400, `${place}.shape[${axis}]: expected a whole number from 1, got ${describe(size)}`);
  });
  const count = countOf(sizes);
  const most = datatype === 'BYTES' ? MOST_FILES : MOST_ELEMENTS;
  if (sizes.length > 4 || count > most) {
    const got = `${count} in ${sizes.length}`;
    throw new ProtocolError(400, `${place}.shape: expected ${most} elements at most in 4 dimensions, got ${got}`);
  }
  return { name: asText(`${place}.name`, name), datatype: datatype as Datatype, shape: sizes };
}

/** A tensor of its bytes, row-major, little-endian. @throws ProtocolError with status 400 where they are not its size */
export function fromBytes(place: string, { name, datatype, shape }: TensorHead, bytes: Uint8Array): Tensor {
  const count = countOf(shape);
  if (datatype === 'BYTES') return { name, shape, datatype, data: bytesElements(place, bytes, count) };
  const expected = count * elementBytes[datatype];
  if (bytes.length !== expected) {
    const text = `expected ${expected} bytes for ${count} elements of ${datatype}, got ${bytes.length}`;
    throw new ProtocolError(400, `${place}: ${text}`);
  }
  if (datatype === 'UINT8') return { name, shape, datatype, data: bytes };
  const { buffer, byteOffset } = aligned(bytes);
  const data =
    datatype === 'FP16'
      ? floatsOfHalves(new Uint16Array(buffer, byteOffset, count))
      : new Float32Array(buffer, byteOffset, count);
  return { name, shape, datatype, data };
}

/** The bytes where a view of four at a time may begin: there, or copied. `slice` of a Buffer copies nothing. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
}

/** A tensor of its elements, row-major. @throws ProtocolError with status 400 where they are others or not as many */
export function fromList(place: string, { name, datatype, shape }: TensorHead, elements: readonly unknown[]): Tensor {
  const count = countOf(shape);
  if (elements.length !== count)
    throw new ProtocolError(400, `${place}: expected ${count} elements by the shape, got ${elements.length}`);
  const head = { name, shape };
  if (datatype === 'FP16')
    throw new ProtocolError(400, `${place}: expected FP16 as binary data, got a list of numbers; send FP32 or bytes`);
  if (datatype === 'BYTES') {
    const data = elements.map((element, index) => bytesOfElement(`${place}[${index}]`, element));
    return { ...head, datatype, data };
  }
  if (datatype === 'UINT8')
    return {
      ...head,
      datatype,
      data: Uint8Array.from(elements, (number, index) => byteOf(`${place}[${index}]`, number)),
    };
  return {
    ...head,
    datatype,
    data: Float32Array.from(elements, (number, index) => numberOf(`${place}[${index}]`, number)),
  };
}

function bytesOfElement(place: string, element: unknown): Uint8Array {
  return element instanceof Uint8Array ? element : new TextEncoder().encode(asText(place, element));
}

function numberOf(place: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw new ProtocolError(400, `${place}: expected a number, got ${describe(value)}`);
}

function byteOf(place: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255) return value as number;
  throw new ProtocolError(400, `${place}: expected a whole number from 0 to 255, got ${describe(value)}`);
}
