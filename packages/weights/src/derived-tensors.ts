import type { ByteSource } from './byte-source.ts';
import { type Float8, makeFloat8Table } from './float8.ts';
import { readTensors } from './read-tensors.ts';
import { contiguousStride, countElements, type TensorEntry } from './weights-index.ts';

/** A view of bytes that are float8 as a tensor of float32, four times their size, made when it is read. */
export function widenFloat8(source: ByteSource, type: Float8, raw: TensorEntry): TensorEntry {
  return deriveFloat32(source, raw, {}, ({ data }) => {
    const table = makeFloat8Table(type);
    return Float32Array.from(data as Uint8Array, (bits) => table[bits]!);
  });
}

/** Integers of a quantised tensor as the numbers that they stand for: `(q - zero point) × scale` in float32. */
export function dequantize(
  source: ByteSource,
  raw: TensorEntry,
  quantizer: { readonly scale: number; readonly zeroPoint: number },
): TensorEntry {
  const scale = Math.fround(quantizer.scale);
  return deriveFloat32(source, raw, {}, ({ data }) =>
    Float32Array.from(data as Int8Array, (value) => (value - quantizer.zeroPoint) * scale),
  );
}

/** The same with a scale and a zero point for each index of one axis. */
export function dequantizeChannels(
  source: ByteSource,
  raw: TensorEntry,
  quantizer: { readonly scales: TensorEntry; readonly zeroPoints: TensorEntry; readonly axis: number },
): TensorEntry {
  const { scales, zeroPoints, axis } = quantizer;
  const channels = raw.shape[axis]!;
  const step = countElements(raw.shape.slice(axis + 1));
  return deriveFloat32(source, raw, { scales, zeroPoints }, ({ data, scales, zeroPoints }) => {
    const scale = Float32Array.from(scales as Float64Array);
    const zero = Float64Array.from(zeroPoints as ArrayLike<number | bigint> as number[], Number);
    return Float32Array.from(data as Int8Array, (value, i) => {
      const channel = Math.floor(i / step) % channels;
      return (value - zero[channel]!) * scale[channel]!;
    });
  });
}

type Parts<Names extends string> = Record<Names | 'data', ArrayLike<number> | ArrayLike<bigint>>;

function deriveFloat32<Names extends string>(
  source: ByteSource,
  raw: TensorEntry,
  others: Record<Names, TensorEntry>,
  compute: (parts: Parts<Names>) => Float32Array,
): TensorEntry {
  const { shape } = raw;
  const read = async () => {
    const parts = { data: new Uint8Array(0) } as unknown as Parts<Names>;
    const tensors = new Map<string, TensorEntry>([['data', raw], ...Object.entries<TensorEntry>(others)]);
    for await (const [name, { data }] of readTensors(source, tensors)) parts[name as Names | 'data'] = data;
    return new Uint8Array(compute(parts).buffer);
  };
  return {
    dtype: 'float32',
    shape,
    stride: contiguousStride(shape),
    offset: 0,
    storage: { sizeBytes: 4 * countElements(shape), read },
  };
}
