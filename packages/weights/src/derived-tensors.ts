import type { ByteSource } from './byte-source.ts';
import { deriveTensor } from './derive-tensor.ts';
import { type Float8, makeFloat8Table } from './float8.ts';
import { countElements, type TensorEntry } from './weights-index.ts';

/** A tensor of bytes that are float8, as float32, four times their size. */
export function widenFloat8(source: ByteSource, type: Float8, raw: TensorEntry): TensorEntry {
  return deriveTensor(source, [raw], ([bits]) => {
    const table = makeFloat8Table(type);
    const out = new Float32Array(bits!.length);
    for (let i = 0; i < out.length; i++) out[i] = table[Number(bits![i])]!;
    return out;
  });
}

/** A quantised tensor's integers as the numbers that they stand for: `(q - zero point) × scale` in float32. */
export function dequantize(
  source: ByteSource,
  raw: TensorEntry,
  quantizer: { readonly scale: number; readonly zeroPoint: number },
): TensorEntry {
  const scale = Math.fround(quantizer.scale);
  return deriveTensor(source, [raw], ([integers]) => {
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
  return deriveTensor(source, [raw, scales, zeroPoints], ([integers, scaleData, zeroData]) => {
    const out = new Float32Array(integers!.length);
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor(i / step) % channels;
      const steps = Number(integers![i]) - Number(zeroData![channel]);
      out[i] = steps * Math.fround(Number(scaleData![channel]));
    }
    return out;
  });
}
