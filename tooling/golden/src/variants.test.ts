import { readFileSync } from 'node:fs';
import type { Endpoint } from '@residual/resnet';
import { createModel, listModels } from '@residual/resnet/registry';
import { deterministicPicture, expectClose, probe } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { deterministicVars } from './deterministic-vars.ts';

interface Golden {
  readonly shape: [number, number, number, number];
  readonly largest: number;
  readonly every: number;
  readonly logits: number[][];
  readonly probe: [number, number];
  readonly endpoints: Record<string, [number, number]>;
}

// Made by tooling/golden/variants.py.
const goldens: Record<string, Golden> = JSON.parse(
  readFileSync(new URL('../golden/variants.json', import.meta.url), 'utf8'),
);

test('every torchvision variant and the CIFAR nets have goldens', () => {
  const published = listModels('*').filter((name) =>
    /^(resnet(18|34|50|101|152|20|56|10_w24)$|resnext|wide)/.test(name),
  );
  expect(published).toHaveLength(13);
  expect(Object.keys(goldens)).toEqual(expect.arrayContaining(published));
});

describe.each(backends)('$backend.name', ({ backend, present }) => {
  describe.skipIf(!present)("gives PyTorch's logits within 1e-4 of the largest", () => {
    beforeAll(async () => {
      await backend.use();
    });

    test.each(Object.entries(goldens))('%s', (title, golden) => {
      const before = tf.memory().numTensors;
      const [name, outputStride] = title.split(' outputStride ');
      const model = createModel(name!, {
        vars: deterministicVars,
        ...(outputStride && { outputStride: Number(outputStride) as 8 | 16 }),
      });
      const x = tf.tensor4d(deterministicPicture(golden.shape), golden.shape);
      const names = [...Object.keys(golden.endpoints), 'logits'] as Endpoint[];
      const found = model.forwardIntermediates(x, names);
      const logits = found.logits!.dataSync() as Float32Array;

      const perRow = logits.length / golden.shape[0];
      for (const [row, expected] of golden.logits.entries()) {
        const got = logits.slice(row * perRow, (row + 1) * perRow).filter((_, index) => index % golden.every === 0);
        const error = Math.max(...got.map((value, index) => Math.abs(value - expected[index]!)));
        expect(error / golden.largest).toBeLessThan(1e-4);
      }
      expectClose(probe('logits', logits), golden.probe, 1e-4, 'logits');
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
