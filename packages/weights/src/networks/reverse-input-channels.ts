import type { ByteSource } from '../byte-source.ts';
import { readTensors } from '../read-tensors.ts';
import { contiguousStride, countElements, type TensorEntry } from '../weights-index.ts';

/** What the convolution that pictures go into may be called. */
export const inputWeights: readonly string[] = ['conv1.weight', 'conv1.0.weight'];

/** With the input convolution on RGB pictures instead of BGR ones. */
export function turnToRgb(
  source: ByteSource,
  tensors: ReadonlyMap<string, TensorEntry>,
  notes: string[],
): ReadonlyMap<string, TensorEntry> {
  const name = inputWeights.find((candidate) => tensors.has(candidate));
  const reversed = name === undefined ? undefined : reverseInputChannels(source, tensors.get(name)!);
  if (name === undefined || reversed === undefined) return tensors;
  notes.push(`${name}: its input channels are turned from BGR to RGB`);
  return new Map([...tensors].map(([key, entry]) => [key, key === name ? reversed : entry]));
}

/**
 * A convolution `[out, 3, h, w]` on BGR pictures as the same one on RGB pictures; undefined for any other, also for one that
 * is not of float32.
 */
export function reverseInputChannels(source: ByteSource, entry: TensorEntry): TensorEntry | undefined {
  const { dtype, shape } = entry;
  if (dtype !== 'float32' || shape.length !== 4 || shape[1] !== 3) return undefined;
  const read = async () => {
    let reversed = new Float32Array(0);
    for await (const [, { data }] of readTensors(source, new Map([['input', entry]]))) {
      reversed = reverse(data as Float32Array, shape[2]! * shape[3]!);
    }
    return new Uint8Array(reversed.buffer);
  };
  const storage = { sizeBytes: 4 * countElements(shape), read };
  return { dtype, shape, stride: contiguousStride(shape), offset: 0, storage };
}

function reverse(data: Float32Array, area: number): Float32Array<ArrayBuffer> {
  const reversed = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += 3 * area) {
    for (let channel = 0; channel < 3; channel++) {
      const from = start + channel * area;
      reversed.set(data.subarray(from, from + area), start + (2 - channel) * area);
    }
  }
  return reversed;
}
