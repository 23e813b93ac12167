import { randomVars } from '@residual/blocks';
import { expectClose, requirement } from '@residual/testing';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { inBrowser } from '../test/in-browser.ts';
import { tinyOptions } from '../test/tiny.mjs';
import { train } from './train.ts';

interface Trained {
  readonly runsOn: string;
  readonly losses: number[];
  readonly total: number;
  readonly left: number;
}

test.skipIf(!requirement('webgpu'))(
  "on WebGPU, in a browser, a training has the losses of tfjs's CPU backend within 1e-3",
  { timeout: 300_000 },
  async () => {
    const got = await inBrowser<Trained>('trainOnWebgpu');
    await tf.setBackend('cpu');
    const losses: number[] = [];
    await train({
      ...tinyOptions(),
      initial: randomVars({ seed: 3 }),
      onEvent: (event) => event.kind === 'step' && losses.push(event.loss),
    });
    expectClose(got.losses, losses, 1e-3, 'losses');
    expect([got.runsOn, got.total, got.left]).toEqual(['google swiftshader', 40, 0]);
  },
);
