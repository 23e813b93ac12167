// What the WebGPU test runs in a browser.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { tfjsWebgpu } from '@residual/backend-webgpu';
import { randomVars } from '@residual/blocks';
import { train } from '@residual/train';
import * as tf from '@tensorflow/tfjs-core';
import { tinyOptions } from './tiny.mjs';

/** Trains the tiny net on WebGPU. */
export async function trainOnWebgpu() {
  const { runsOn } = await tfjsWebgpu().use();
  const losses = [];
  const before = tf.memory().numTensors;
  const { evaluation } = await train({
    ...tinyOptions(),
    initial: randomVars({ seed: 3 }),
    onEvent: (event) => event.kind === 'step' && losses.push(event.loss),
  });
  return { runsOn, losses, total: evaluation.total, left: tf.memory().numTensors - before };
}
