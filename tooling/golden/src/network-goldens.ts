import { readFileSync } from 'node:fs';
import type { Endpoint, ResNet } from '@residual/resnet';
import { deterministicPicture, expectClose, probe } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends } from './backends.ts';

/** PyTorch's answer of one network to one batch of pictures. */
export interface NetworkGolden {
  readonly shape: [number, number, number, number];
  /** Largest logit. */
  readonly largest: number;
  /** One logit in so many is kept. */
  readonly every: number;
  readonly logits: number[][];
  readonly probe: [number, number];
  readonly endpoints: Record<string, [number, number]>;
}

/** What a script of this folder wrote. */
export function readGoldens(file: string): Record<string, NetworkGolden> {
  return JSON.parse(readFileSync(new URL(`../golden/${file}`, import.meta.url), 'utf8'));
}

/** Compares `[N, numClasses]` logits with PyTorch's, within `tolerance` of the largest. */
export function expectLogits(logits: Float32Array, golden: NetworkGolden, tolerance = 1e-4): void {
  const perRow = logits.length / golden.shape[0];
  for (const [row, expected] of golden.logits.entries()) {
    const got = logits.slice(row * perRow, (row + 1) * perRow).filter((_, index) => index % golden.every === 0);
    expect(got.length).toBe(expected.length);
    const error = Math.max(...got.map((value, index) => Math.abs(value - expected[index]!)));
    expect(error / golden.largest).toBeLessThan(tolerance);
  }
  expectClose(probe('logits', logits), golden.probe, tolerance, 'logits');
}

/** Tests on every tfjs backend that what `build` makes for a golden's title gives PyTorch's logits and endpoints. */
export function describeNetworks(
  goldens: Readonly<Record<string, NetworkGolden>>,
  build: (title: string) => ResNet,
): void {
  describe.each(backends)('$backend.name', ({ backend, present }) => {
    describe.skipIf(!present)("gives PyTorch's logits within 1e-4 of the largest", () => {
      beforeAll(async () => {
        await backend.use();
      });

      test.each(Object.entries(goldens))('%s', (title, golden) => {
        const before = tf.memory().numTensors;
        const model = build(title);
        const x = tf.tensor4d(deterministicPicture(golden.shape), golden.shape);
        const found = model.forwardIntermediates(x, [...Object.keys(golden.endpoints), 'logits'] as Endpoint[]);
        expectLogits(found.logits!.dataSync() as Float32Array, golden);
        for (const [endpoint, expected] of Object.entries(golden.endpoints)) {
          const values = found[endpoint as Endpoint]!.dataSync() as Float32Array;
          expectClose(probe(endpoint, values), expected, 1e-4, endpoint);
        }

        tf.dispose([found, x]);
        model.dispose();
        expect(tf.memory().numTensors).toBe(before);
      });
    });
  });
}
