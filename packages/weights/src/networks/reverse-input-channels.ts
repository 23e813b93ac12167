import type { ByteSource } from '../byte-source.ts';
import { deriveTensor } from '../derive-tensor.ts';
import type { TensorEntry } from '../weights-index.ts';

/** What the convolution that pictures go into may be called. */
export const inputWeights: readonly string[] = ['conv1.weight', 'conv1.0.weight'];

/** With the input convolution on RGB pictures instead of BGR ones. */
export function turnToRgb(
  source: ByteSource,
  tensors: ReadonlyMap<string, TensorEntry>,
  notes: string[],
): ReadonlyMap<string, TensorEntry> {
  const name = inputWeights.find((candidate) => tensors.has(candidate));
  if (name === undefined) {
    notes.push('its pictures are BGR, and the convolution that they go into is not known: pass them as BGR');
    return tensors;
  }
  const reversed = reverseInputChannels(source, tensors.get(name)!);
  if (reversed === undefined) return tensors;
  notes.push(`${name}: its input channels are turned from BGR to RGB`);
  return new Map([...tensors].map(([key, entry]) => [key, key === name ? reversed : entry]));
}

/**
 * A convolution `[out, 3, h, w]` of floats on BGR pictures as the same one on RGB pictures, widened where it is of half
 * floats; undefined for any other.
 */
export function reverseInputChannels(source: ByteSource, entry: TensorEntry): TensorEntry | undefined {
  const { dtype, shape } = entry;
  if (!/float/.test(dtype) || shape.length !== 4 || shape[1] !== 3) return undefined;
  const area = shape[2]! * shape[3]!;
  return deriveTensor(source, [entry], ([data]) => reverse(data as Float32Array | Float64Array, area));
}

function reverse(data: Float32Array | Float64Array, area: number): Float32Array | Float64Array {
  const reversed = data.slice();
  for (let start = 0; start < data.length; start += 3 * area) {
    reversed.set(data.subarray(start, start + area), start + 2 * area);
    reversed.set(data.subarray(start + 2 * area, start + 3 * area), start);
  }
  return reversed;
}
