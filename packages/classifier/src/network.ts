import type { PassedOverEngine } from '@residual/compile';
import type { ResNet } from '@residual/resnet';

/** The engine that runs a classifier's network. */
export interface ClassifierEngine {
  readonly name: string;
  /** What it runs on, e.g. `avx512, fp32, 2 threads`. */
  readonly device: string;
  /** Engines before it in the list, and why they do not serve. */
  readonly passedOver: readonly PassedOverEngine[];
}

/** What computes a classifier's logits. */
export interface Network {
  /** `undefined` where tfjs runs the model as it is. */
  readonly engine: ClassifierEngine | undefined;
  readonly model: ResNet;
  /** Logits of prepared pictures, each `[edgePx, edgePx, 3] float32`; at least one. */
  run(inputs: readonly Float32Array[], signal: AbortSignal | undefined): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** Arrays end to end. */
export function join(inputs: readonly Float32Array[]): Float32Array {
  const size = inputs[0]!.length;
  const batch = new Float32Array(inputs.length * size);
  for (const [index, input] of inputs.entries()) batch.set(input, index * size);
  return batch;
}

/** A batch's rows, each an array of its own. */
export function split(batch: Float32Array, count: number): Float32Array[] {
  const size = batch.length / count;
  return Array.from({ length: count }, (_, row) => batch.slice(row * size, (row + 1) * size));
}
