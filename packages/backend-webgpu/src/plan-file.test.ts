import { bind, optimize, trace } from '@residual/compile';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { LENGTH_BYTES, type PlanHeader } from './plan/plan-format.ts';
import { planFile } from './plan-file.ts';

test('a graph that splits its channels is written, a part by a dispatch', async () => {
  const graph = await trace((t) => {
    const [left, right] = tf.split(t.input('x', [1, 2, 2, 8]), 2, 3) as [tf.Tensor, tf.Tensor];
    return { y: tf.mul(left, right) };
  });
  const bytes = Buffer.concat([...planFile(bind(optimize(graph), new Map())).chunks]);
  const { plan } = JSON.parse(bytes.subarray(LENGTH_BYTES).toString('utf8')) as PlanHeader;
  expect(plan.steps).toHaveLength(3);
});
