import type { PlanTensor } from '../plan/plan.ts';

/** On the device, with what pads its channels. */
export function sizeBytes({ shape, pitch }: PlanTensor): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, pitch * 4);
}

export function bytesOf(tensors: readonly PlanTensor[]): number {
  return tensors.reduce((sum, tensor) => sum + sizeBytes(tensor), 0);
}

/** Row-major numbers as the device has them. */
export function withPadding({ shape, pitch }: PlanTensor, data: Float32Array): Float32Array {
  const channels = shape.at(-1) ?? 1;
  if (channels === pitch) return data;
  const padded = new Float32Array((data.length / channels) * pitch);
  for (let row = 0; row * channels < data.length; row++) {
    padded.set(data.subarray(row * channels, (row + 1) * channels), row * pitch);
  }
  return padded;
}

/** The reverse of {@link withPadding}; always a copy. */
export function withoutPadding({ shape, pitch }: PlanTensor, rows: Float32Array): Float32Array {
  const channels = shape.at(-1) ?? 1;
  if (channels === pitch) return rows.slice();
  const values = new Float32Array((rows.length / pitch) * channels);
  for (let row = 0; row * pitch < rows.length; row++) {
    values.set(rows.subarray(row * pitch, row * pitch + channels), row * channels);
  }
  return values;
}
