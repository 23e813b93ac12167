import { relu, relu6, type Tensor } from '@tensorflow/tfjs-core';
import { TraceError } from '../trace/trace-error.ts';

export type FusedActivation = 'linear' | 'relu' | 'relu6';

/** @throws TraceError where a fused tfjs operation has an activation that a fused node has not. */
export function fusedActivation(activation: unknown): FusedActivation {
  const name = activation ?? 'linear';
  if (name === 'linear' || name === 'relu' || name === 'relu6') return name;
  throw new TraceError(
    `fused operation: expected activation 'linear', 'relu' or 'relu6', got '${String(name)}'; apply it as an operation of its own`,
  );
}

/** Applies the activation of a fused operation, by tfjs. */
export function activate(x: Tensor, activation: FusedActivation): Tensor {
  if (activation === 'relu') return relu(x);
  return activation === 'relu6' ? relu6(x) : x;
}
