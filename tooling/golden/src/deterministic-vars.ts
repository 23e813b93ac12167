import { fromTorch, torchShape, type VarSource } from '@residual/blocks';
import { deterministicTensor } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';

/** The weights that the PyTorch scripts use, made from their names alone. */
export const deterministicVars: VarSource = (path, { layout, shape, trainable }) => {
  const torch = torchShape(layout, shape);
  const values = fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) });
  return tf.tidy(() => tf.variable(tf.tensor(values, shape), trainable));
};
