import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { Conv2d } from './conv2d.ts';
import { constant } from './initializer.ts';
import { fromTorch, torchShape, toTorch, viewTorch } from './layout.ts';
import { randomVars } from './random-vars.ts';
import { shapesOnly } from './shapes-only.ts';
import type { HostTensor } from './state-dict.ts';
import { StateDictError } from './state-dict-error.ts';
import { assertFits, compare, type LoadReport, loadStateDict, StateDictVars, stateDictOf } from './state-dict-vars.ts';
import { VarScope, type VarSource } from './var-scope.ts';
import { viewStateDict } from './view-state-dict.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const build = (source: VarSource): { vars: VarScope; conv: Conv2d } => {
  const vars = new VarScope(source);
  return { vars, conv: new Conv2d(vars.scope('conv1'), { inChannels: 2, outChannels: 3, kernelSize: 3, bias: true }) };
};
const weight: HostTensor = { shape: [3, 2, 3, 3], data: Float32Array.from({ length: 54 }, (_, i) => i) };
const bias: HostTensor = { shape: [3], data: new Float32Array([1, 2, 3]) };
const whole = new Map([
  ['conv1.weight', weight],
  ['conv1.bias', bias],
]);

test('convolutions are read as OIHW and kept as HWIO, and back', () => {
  const here = fromTorch('conv', weight);
  // Output channel 2, input channel 1, row 0, column 1.
  expect(here[0 * 18 + 1 * 6 + 1 * 3 + 2]).toBe(2 * 18 + 1 * 9 + 0 * 3 + 1);
  expect(toTorch('conv', [3, 3, 2, 3], here)).toEqual(weight);
  const linear = { shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) };
  expect([...fromTorch('linear', linear)]).toEqual([1, 4, 2, 5, 3, 6]);
  expect(toTorch('linear', [3, 2], fromTorch('linear', linear))).toEqual(linear);
});

test('a matrix has one order, here and in PyTorch', () => {
  const matrix = { shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, 6]) };
  expect(torchShape('matrix', [2, 3])).toEqual([2, 3]);
  expect(fromTorch('matrix', matrix)).toEqual(matrix.data);
  expect(toTorch('matrix', [2, 3], matrix.data)).toEqual(matrix);
});

test('a view leaves float32 where it is, and says in which order it holds the axes', () => {
  const view = viewTorch('conv', weight);
  expect(view.data).toBe(weight.data);
  // HWIO, of which OIHW has first the fourth, then the third, then the first two.
  expect([view.shape, view.axes]).toEqual([
    [3, 3, 2, 3],
    [3, 2, 0, 1],
  ]);
  const halves = new Float64Array([0.5, 1.5]);
  expect(viewTorch('vector', { shape: [2], data: halves })).toEqual({
    shape: [2],
    axes: [0],
    data: new Float32Array([0.5, 1.5]),
  });
});

test('a model built from a dict gives the dict back', async () => {
  const loaded = new StateDictVars(whole);
  const { vars } = build(loaded.source);
  assertFits(loaded.report);
  expect(await stateDictOf(vars.entries)).toEqual(whole);
});

test('what does not fit is reported, and comes from elsewhere if allowed', () => {
  const dict = new Map([
    ['conv1.weight', { shape: [3, 3, 3, 2], data: weight.data }],
    ['fc.bias', bias],
    ['bn1.num_batches_tracked', { shape: [], data: new BigInt64Array(1) }],
  ]);
  const loaded = new StateDictVars(dict, { otherwise: randomVars({ seed: 1 }) });
  const { conv } = build(loaded.source);
  expect(loaded.report).toEqual({
    missing: ['conv1.bias'],
    unexpected: ['fc.bias'],
    mismatched: [{ name: 'conv1.weight', expected: [3, 2, 3, 3], got: [3, 3, 3, 2] }],
  });
  expect(conv.weight.shape).toEqual([3, 3, 2, 3]);
  expect(conv.weight.dataSync()).toEqual(build(randomVars({ seed: 1 })).conv.weight.dataSync());
  expect(() => assertFits(loaded.report)).toThrow(
    'conv1.weight: expected [3, 2, 3, 3], got [3, 3, 3, 2]; convolution weights are read as OIHW; ' +
      'missing conv1.bias; unexpected fc.bias; pass {strict: false} to load only what fits',
  );
});

describe('the error says the first of each kind and how many more there are', () => {
  const mismatch = { name: 'fc.weight', expected: [10, 64], got: [5, 64] };
  const nothing: LoadReport = { missing: [], unexpected: [], mismatched: [] };
  test.each<{ found: Partial<LoadReport>; said: string }>([
    { found: { missing: ['a'] }, said: 'missing a' },
    { found: { missing: ['a', 'b', 'c'] }, said: 'missing a (and 2 more)' },
    { found: { unexpected: ['a', 'b'] }, said: 'unexpected a (and 1 more)' },
    { found: { mismatched: [mismatch] }, said: 'fc.weight: expected [10, 64], got [5, 64]' },
    {
      found: { mismatched: [mismatch, mismatch], missing: ['a'] },
      said: 'fc.weight: expected [10, 64], got [5, 64] (and 1 more); missing a',
    },
  ])('$said', ({ found, said }) => {
    expect(() => assertFits({ ...nothing, ...found })).toThrow(
      `the weights do not fit the model: ${said}; pass {strict: false} to load only what fits`,
    );
  });

  test('and is told from others', () => {
    const error = new StateDictError({ ...nothing, missing: ['a'] });
    expect([error.name, error.code, error.report.missing]).toEqual(['StateDictError', 'STATE_DICT_MISMATCH', ['a']]);
    expect([error, new Error('missing a'), { ...error }, undefined].map((it) => StateDictError.isInstance(it))).toEqual(
      [true, false, false, false],
    );
  });
});

test('a shape that only begins as it should does not fit', () => {
  const { vars } = build(randomVars({ seed: 1 }));
  const longer = new Map([...whole, ['conv1.bias', { shape: [3, 1], data: bias.data }] as const]);
  const mismatched = [{ name: 'conv1.bias', expected: [3], got: [3, 1] }];
  expect(compare(longer, vars.specs)).toEqual({ missing: [], unexpected: [], mismatched });
});

test('what trains is a variable that trains, also where it is loaded', () => {
  const { vars } = build(new StateDictVars(whole).source);
  vars.vector('running_mean', 3, constant(0), false);
  const trains = [...vars.entries].map(([name, { tensor }]) => [name, (tensor as tf.Variable).trainable]);
  expect(trains).toEqual([
    ['conv1.weight', true],
    ['conv1.bias', true],
    ['running_mean', false],
  ]);
});

test('weights are seen in place by the names of the variables, and one that is not there is named', () => {
  const { vars } = build(shapesOnly);
  const views = viewStateDict(whole, vars.specs);
  expect([...views]).toEqual([
    ['conv1.weight', viewTorch('conv', weight)],
    ['conv1.bias', viewTorch('vector', bias)],
  ]);
  expect(views.get('conv1.weight')!.data).toBe(weight.data);
  expect(() => viewStateDict(new Map([['conv1.weight', weight]]), vars.specs)).toThrow(
    new RangeError('conv1.bias: expected a tensor by this name, got none'),
  );
});

test('strict loading changes nothing where anything does not fit; otherwise what fits is loaded', async () => {
  const { vars, conv } = build(randomVars({ seed: 1 }));
  const before = await conv.weight.data();
  const dict = new Map([['conv1.weight', weight]]);
  const tensors = tf.memory().numTensors;
  let caught: unknown;
  try {
    loadStateDict(vars, dict);
  } catch (error) {
    caught = error;
  }
  expect(StateDictError.isInstance(caught)).toBe(true);
  expect(await conv.weight.data()).toEqual(before);
  expect(loadStateDict(vars, dict, { strict: false }).missing).toEqual(['conv1.bias']);
  expect([...(await conv.weight.data())]).toEqual([...fromTorch('conv', weight)]);
  expect(tf.memory().numTensors).toBe(tensors);
});
