import type { HostData } from '@residual/blocks';
import type { ByteSource } from './byte-source.ts';
import { type Float8, makeFloat8Table } from './float8.ts';
import { readTensors } from './read-tensors.ts';
import { contiguousStride, countElements, type TensorEntry } from './weights-index.ts';

/** A view of bytes that are float8 as a tensor of float32, four times their size, made when it is read. */
export function widenFloat8(source: ByteSource, type: Float8, raw: TensorEntry): TensorEntry {
  return deriveFloat32(source, [raw], ([bits]) => {
    const table = makeFloat8Table(type);
    const out = new Float32Array(bits!.length);
    for (let i = 0; i < out.length; i++) out[i] = table[Number(bits![i])]!;
    return out;
  });
}

/** Integers of a quantised tensor as the numbers that they stand for: `(q - zero point) × scale` in float32. */
export function dequantize(
  source: ByteSource,
  raw: TensorEntry,
  quantizer: { readonly scale: number; readonly zeroPoint: number },
): TensorEntry {
  const scale = Math.fround(quantizer.scale);
  return deriveFloat32(source, [raw], ([integers]) => {
    const out = new Float32Array(integers!.length);
    for (let i = 0; i < out.length; i++) out[i] = (Number(integers![i]) - quantizer.zeroPoint) * scale;
    return out;
  });
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
  return deriveFloat32(source, [raw, scales, zeroPoints], ([integers, scaleData, zeroData]) => {
    const out = new Float32Array(integers!.length);
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor(i / step) % channels;
      const steps = Number(integers![i]) - Number(zeroData![channel]);
      out[i] = steps * Math.fround(Number(scaleData![channel]));
    }
    return out;
  });
}

/** A tensor of the shape of the first of others, computed of their data, whenever it is read. */
function deriveFloat32(
  source: ByteSource,
  others: readonly TensorEntry[],
  compute: (data: readonly HostData[]) => Float32Array,
): TensorEntry {
  const { shape } = others[0]!;
  const read = async () => {
    const data: HostData[] = [];
    const named = new Map(others.map((entry, i) => [String(i), entry]));
    for await (const [, tensor] of readTensors(source, named)) data.push(tensor.data);
    return new Uint8Array(compute(data).buffer);
  };
  return {
    dtype: 'float32',
    shape,
    stride: contiguousStride(shape),
    offset: 0,
    storage: { sizeBytes: 4 * countElements(shape), read },
  };
}
