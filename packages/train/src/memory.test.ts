import { tensorflow, tfjsNode } from '@residual/backend-node';
import { randomVars } from '@residual/blocks';
import { requirement } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { tinyOptions } from '../test/tiny.mjs';
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
  test.each(kinds)('memory is flat: %s', async (_, more) => {
    const tensors = new Set<number>();
    const bytes: number[] = [];
    await train({
      ...tinyOptions(),
      ...more(),
      initial: randomVars({ seed: 1 }),
      epochs: EPOCHS,
      schedule: constantRate(0.01),
      onEvent(event) {
        if (event.kind !== 'step' || event.step % STEPS_PER_EPOCH !== 0) return;
        tensors.add(tf.memory().numTensors);
        const { rss } = process.memoryUsage();
        if (event.step >= 250) bytes.push(rss);
      },
    });
    expect(tensors.size).toBe(1);
    expect(bytes).toHaveLength(EPOCHS - 41);
    // JavaScript's heap breathes by two or three megabytes.
    expect(Math.max(...bytes.slice(-10)) - Math.min(...bytes.slice(0, 10))).toBeLessThan(8e6);
  });
});
