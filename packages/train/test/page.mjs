// What the WebGPU tests run in a browser.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { tfjsWebgpu } from '@residual/backend-webgpu/tfjs';
import { randomVars } from '@residual/blocks';
import { tfjs } from '@residual/compile';
import { train } from '@residual/train';
import * as tf from '@tensorflow/tfjs-core';
import { trainOnPictures } from './real-pictures.mjs';
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

/** Trains on given pictures on WebGPU, eagerly or by the engine `tfjs`; their bytes come as base64. */
export async function trainPicturesOnWebgpu({ pixels, engine, ...pictures }) {
  await tfjsWebgpu().use();
  const bytes = Uint8Array.from(atob(pixels), (character) => character.charCodeAt(0));
  return trainOnPictures({ ...pictures, pixels: bytes }, engine === 'tfjs' ? tfjs() : undefined);
}
