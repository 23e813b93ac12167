import { constant, shapesOnly, VarScope } from '@residual/blocks';
import { expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { averageAndMaxPool } from './average-and-max-pool.ts';
import { convolutionHead } from './convolution-head.ts';
import { type HeadType, linearHead, linearHeadWithoutBias } from './head.ts';
import { type SequentialLayer, sequentialHead } from './sequential-head.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const namesOf = (head: HeadType): (string | undefined | string[])[] => {
  const vars = new VarScope(shapesOnly);
  const { matrix } = head(vars.scope('fc'), { inFeatures: 4, numClasses: 2 });
  return [matrix, [...vars.specs].map(([name, { shape }]) => `${name} ${shape}`)];
};

test('one matrix is named by its head, whatever its shape', () => {
  expect(namesOf(linearHead)).toEqual(['fc.weight', ['fc.weight 4,2', 'fc.bias 2']]);
  expect(namesOf(linearHeadWithoutBias)).toEqual(['fc.weight', ['fc.weight 4,2']]);
  expect(namesOf(convolutionHead())).toEqual(['fc.weight', ['fc.weight 1,1,4,2', 'fc.bias 2']]);
  expect(namesOf(convolutionHead({ bias: false }))).toEqual(['fc.weight', ['fc.weight 1,1,4,2']]);
  const only = sequentialHead([{ at: 1, kind: 'linear', outFeatures: 2, bias: true }]);
  expect(namesOf(only)).toEqual(['fc.1.weight', ['fc.1.weight 4,2', 'fc.1.bias 2']]);
});

const twoLayers: SequentialLayer[] = [
  { at: 0, kind: 'linear', outFeatures: 3, bias: true },
  { at: 1, kind: 'batch-norm' },
  { at: 2, kind: 'activation' },
  { at: 4, kind: 'linear', outFeatures: 9, bias: false },
];

test('several layers have no matrix; the last linear one has as many classes as the network', () => {
  const [matrix, names] = namesOf(sequentialHead(twoLayers));
  expect(matrix).toBeUndefined();
  expect(names).toEqual([
    ...['fc.0.weight 4,3', 'fc.0.bias 3'],
    ...['fc.1.weight 3', 'fc.1.bias 3', 'fc.1.running_mean 3', 'fc.1.running_var 3'],
    'fc.4.weight 3,2',
  ]);
});

test('they go one after the other, batch norm by the batch in training', () => {
  const vars = new VarScope((path, { shape }) => constant(/bias|mean/.test(path) ? 0 : 1)(shape, 0));
  const head = sequentialHead(twoLayers)(vars, { inFeatures: 4, numClasses: 2 });
  const x = tf.tensor2d([1, 1, 1, 1, -1, -1, -1, -1], [2, 4]);
  const updates = new Map<string, tf.Tensor>();
  const y = head.forward(x, { training: true, updates });
  // 4 and -4 are normalised to 1 and -1, which the ReLU stops.
  expectClose(y.dataSync(), [3, 3, 0, 0], 1e-4);
  expect([...updates.keys()]).toEqual(['1.running_mean', '1.running_var']);
});

test('a convolution head computes what a linear one does', () => {
  const vars = new VarScope((_, { shape }) => tf.reshape(tf.range(1, 1 + shape.reduce((a, b) => a * b, 1)), shape));
  const options = { inFeatures: 4, numClasses: 2 };
  const x = tf.tensor2d([1, 2, 3, 4], [1, 4]);
  const expected = linearHead(vars.scope('a'), options).forward(x);
  expectClose(convolutionHead()(vars.scope('b'), options).forward(x).dataSync(), expected.dataSync(), 1e-6);
});

test('maxima come before means', () => {
  const vars = new VarScope(shapesOnly);
  const pool = averageAndMaxPool(vars, { channels: 2, layers: {} as never });
  const x = tf.tensor4d([-1, 2, -3, 6], [1, 2, 1, 2]);
  expectClose(pool.forward(x).dataSync(), [-1, 6, -2, 4], 1e-6);
  expect([pool.outFeatures, pool.isMean]).toEqual([4, false]);
});
