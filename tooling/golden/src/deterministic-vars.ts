import { fromTorch, torchShape, type VarSource, type VarSpec } from '@residual/blocks';
import type { Weight } from '@residual/compile';
import { deterministicTensor } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';

/** The weights that the PyTorch scripts use, made from their names alone. */
export const deterministicVars: VarSource = (path, spec) =>
  tf.tidy(() => tf.variable(tf.tensor(valuesOf(path, spec), spec.shape), spec.trainable));

/** The same for an engine. */
export function deterministicWeights(specs: ReadonlyMap<string, VarSpec>): Map<string, Weight> {
  return new Map([...specs].map(([path, spec]) => [path, { shape: spec.shape, data: valuesOf(path, spec) }]));
}

function valuesOf(path: string, { layout, shape }: VarSpec): Float32Array {
  const torch = torchShape(layout, shape);
  return fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) });
}
