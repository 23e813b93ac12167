import { shapesOnly } from '@residual/blocks';
import { type Engine, trace } from '@residual/compile';
import { deterministicPicture } from '@residual/testing';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, test } from 'vitest';
import { buildArchitecture } from './architectures.ts';
import { deterministicWeights } from './deterministic-vars.ts';
import { engines } from './engines.ts';
import { expectLogits, readGoldens } from './network-goldens.ts';

/** Options that give an engine no operation that the other nets have not. */
const nothingNew = /stride in 1x1|epsilon|biases|without bias/;

// Made by tooling/golden/architectures.py.
const goldens = Object.entries(readGoldens('architectures.json')).filter(([title]) => !nothingNew.test(title));

describe.each(engines)('$title', ({ present, start }) => {
  describe.skipIf(!present)("gives PyTorch's logits within 1e-4 of the largest", () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await start();
    });

    test.each(goldens)('%s', async (title, golden) => {
      const graph = await trace((t) => {
        const model = buildArchitecture(title, (path, { shape }) => t.parameter(path, shape));
        return { logits: model.forward(t.input('image', golden.shape) as Tensor4D) };
      });
      const weights = deterministicWeights(buildArchitecture(title, shapesOnly).variableSpecs);
      const executable = await engine.compile(graph, weights);
      try {
        const { logits } = await executable.run({ image: deterministicPicture(golden.shape) });
        expectLogits(logits as Float32Array, golden);
      } finally {
        await executable.dispose();
      }
    });
  });
});
