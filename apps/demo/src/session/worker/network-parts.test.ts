import { wasm } from '@residual/backend-wasm/node';
import { createClassifier } from '@residual/classifier';
import { readStateDict, sourceFromBytes } from '@residual/weights';
import { card } from '@residual/weights-cifar10';
import { readWeights } from '@residual/weights-cifar10/node';
import { expect, test } from 'vitest';
import { partsOf, timeParts, traceNetwork } from './network-parts.ts';

test('a network is its stem, its blocks and its head, and a profile has the time of each', async () => {
  const engine = wasm({ threads: 1 });
  const weights = await readStateDict(sourceFromBytes(new Uint8Array(await readWeights())));
  const classifier = await createClassifier({ model: card.model, weights, engines: [engine] });
  const graph = await traceNetwork(classifier);
  await classifier.dispose();
  const parts = partsOf(graph);
  const blocks = [1, 2, 3].flatMap((stage) => [0, 1].map((block) => `layer${stage}.${block}`));
  expect(parts.map(({ name }) => name)).toEqual(['stem', ...blocks, 'fc']);
  expect(parts.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(card.parameters);
  expect(parts.find(({ name }) => name === 'layer2.0')).toMatchObject({
    shape: [16, 16, 64],
    // Two convolutions, 32 to 64 and 64 to 64 channels, one of 1×1 on the shortcut, and their batch norms.
    parameters: 9 * 32 * 64 + 9 * 64 * 64 + 32 * 64 + 6 * 64,
    multiplyAdds: 16 * 16 * (9 * 32 * 64 + 9 * 64 * 64 + 32 * 64),
  });
  const { times } = await timeParts(graph, engine, () => undefined);
  expect(Object.keys(times)).toEqual(parts.map(({ name }) => name));
  for (const ms of Object.values(times)) expect(ms).toBeGreaterThan(0);
});
