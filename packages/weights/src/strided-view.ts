import { elements, itemSize } from './dtype.ts';
import { countElements, isContiguous, type TensorEntry } from './weights-index.ts';

type Elements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** The elements of a view as bytes of their own, in row-major order; the view must lie inside the storage. */
export function copyView(storage: Uint8Array, entry: TensorEntry): Uint8Array {
  if (isContiguous(entry)) {
    const start = entry.offset * itemSize(entry.dtype);
    return storage.slice(start, start + countElements(entry.shape) * itemSize(entry.dtype));
  }
  const arrays = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;
  const size = itemSize(entry.dtype);
  const whole = storage.subarray(0, storage.byteLength - (storage.byteLength % size));
  const from = elements<Elements>(arrays[size], whole);
  const to: Elements = new arrays[size](countElements(entry.shape));
  gather(from, to, entry);
  return new Uint8Array(to.buffer);
}

function gather(from: Elements, to: Elements, { shape, stride, offset }: TensorEntry): void {
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < to.length; i++) {
    to[i] = from[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis]!;
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      at -= index[axis]! * stride[axis]!;
      index[axis] = 0;
    }
  }
}
