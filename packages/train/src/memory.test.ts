import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { tensorflow, tfjsNode } from '@residual/backend-node';
import { randomVars } from '@residual/blocks';
import { requirement } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { tinyNet, tinyOptions } from '../test/tiny.mjs';
import { constantRate } from './schedule.ts';
import { train } from './train.ts';
import type { TrainOptions } from './training-options.ts';

const STEPS_PER_EPOCH = 6;
const EPOCHS = 84;

describe.skipIf(!requirement('tfjs-node'))('over 500 steps', () => {
  beforeAll(() => tfjsNode().use());

  const kinds: [string, () => Partial<TrainOptions>][] = [
    ['eager', () => ({})],
    ['compiled', () => ({ engine: tensorflow() })],
  ];
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  test.each(kinds)('memory is flat: %s', async (_, more) => {
    const tensors = new Set<number>();
    const bytes: number[] = [];
    await train({
      ...tinyOptions(),
      ...more(),
      model: (source) => tinyNet(source, 8),
      initial: randomVars({ seed: 1 }),
      epochs: EPOCHS,
      schedule: constantRate(0.01),
      onEvent(event) {
        if (event.kind !== 'step' || event.step % STEPS_PER_EPOCH !== 0) return;
        tensors.add(tf.memory().numTensors);
        if (event.step < 250) return;
        collectGarbage();
        bytes.push(process.memoryUsage().rss);
      },
    });
    expect(tensors.size).toBe(1);
    expect(bytes).toHaveLength(EPOCHS - 41);
    // One activation of the first layer, kept in each of these 250 steps, would be 8 MB.
    expect(Math.max(...bytes.slice(-10)) - Math.min(...bytes.slice(0, 10))).toBeLessThan(8e6);
  });
});
