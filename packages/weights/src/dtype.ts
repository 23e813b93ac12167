import { widenBfloat16, widenHalf } from './half.ts';
import type { HostData, HostTensor } from './host-tensor.ts';

/** Element types that files of ResNets hold, by PyTorch's names. */
export type DType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool';

/** Bytes of one element. */
export function itemSize(dtype: DType): 1 | 2 | 4 | 8 {
  const sizes = {
    float64: 8,
    float32: 4,
    float16: 2,
    bfloat16: 2,
    int64: 8,
    int32: 4,
    int16: 2,
    int8: 1,
    uint8: 1,
    bool: 1,
  } as const;
  return sizes[dtype];
}

/** Little-endian bytes as a tensor; a view of them where the type and the alignment allow. */
export function toHostTensor(
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
  halfTable: () => Float32Array,
): HostTensor {
  if (dtype === 'float16') {
    return { shape, data: widenHalf(elements(Uint16Array, bytes), halfTable()), storedAs: dtype };
  }
  if (dtype === 'bfloat16') return { shape, data: widenBfloat16(elements(Uint16Array, bytes)), storedAs: dtype };
  const arrays = {
    float64: Float64Array,
    float32: Float32Array,
    int64: BigInt64Array,
    int32: Int32Array,
    int16: Int16Array,
    int8: Int8Array,
    uint8: Uint8Array,
    bool: Uint8Array,
  } as const;
  return { shape, data: elements<HostData>(arrays[dtype], bytes) };
}

/** Bytes as elements of a typed array: a view where they are aligned, else a copy. */
export function elements<T>(
  array: { new (buffer: ArrayBuffer, byteOffset: number, length: number): T; readonly BYTES_PER_ELEMENT: number },
  bytes: Uint8Array,
): T {
  const size = array.BYTES_PER_ELEMENT;
  // Not by slice(): a Buffer's is a view.
  const aligned = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  return new array(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / size);
}
