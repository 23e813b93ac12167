import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { Conv2d } from './conv2d.ts';
import { Linear } from './linear.ts';
import { randomVars } from './random-vars.ts';
import { shapesOnly } from './shapes-only.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const conv = (vars: VarScope): tf.Tensor => new Conv2d(vars, { inChannels: 16, outChannels: 64, kernelSize: 3 }).weight;

test('paths are torchvision names; a path asked for twice is refused', () => {
  const vars = new VarScope(randomVars({ seed: 3 }));
  conv(vars.scope('layer1').scope('0').scope('conv1'));
  expect([...vars.entries.keys()]).toEqual(['layer1.0.conv1.weight']);
  expect(() => conv(vars.scope('layer1').scope('0').scope('conv1'))).toThrow('layer1.0.conv1.weight: asked for twice');
});

test('what a scope forgets can be taken from another tree, and the rest stays', () => {
  const vars = new VarScope(randomVars({ seed: 3 }));
  conv(vars.scope('fc2'));
  const old = conv(vars.scope('fc'));
  expect(
    vars
      .scope('fc')
      .forget()
      .map(({ tensor }) => tensor),
  ).toEqual([old]);
  expect([...vars.entries.keys()]).toEqual(['fc2.weight']);
  const other = new VarScope(randomVars({ seed: 4 }));
  const renewed = conv(other.scope('fc'));
  vars.adopt(other);
  expect([...vars.entries.keys()]).toEqual(['fc2.weight', 'fc.weight']);
  expect(vars.entries.get('fc.weight')!.tensor).toBe(renewed);
  expect(renewed.dataSync()).not.toEqual(old.dataSync());
  expect(() => vars.adopt(other)).toThrow('fc.weight: asked for twice');
});

test('a seed gives each path its values, in whatever order they are asked for', () => {
  const first = new VarScope(randomVars({ seed: 3 }));
  const [a, b] = [conv(first.scope('a')), conv(first.scope('b'))];
  const second = new VarScope(randomVars({ seed: 3 }));
  const [b2, a2] = [conv(second.scope('b')), conv(second.scope('a'))];
  expect(a2.dataSync()).toEqual(a.dataSync());
  expect(b2.dataSync()).toEqual(b.dataSync());
  expect(a.dataSync()).not.toEqual(b.dataSync());
  expect(conv(new VarScope(randomVars({ seed: 4 })).scope('a')).dataSync()).not.toEqual(a.dataSync());
});

// http://www.isthe.com/chongo/src/fnv/test_fnv.c: 32-bit FNV-1a of '', 'a' and 'foobar'
test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('the start of %j is drawn by its hash', (path, hash) => {
  const seeds: number[] = [];
  randomVars({ seed: 0 })(path, {
    shape: [1],
    layout: 'vector',
    trainable: true,
    initializer: (shape, seed) => {
      seeds.push(seed);
      return tf.zeros(shape);
    },
  });
  expect(seeds).toEqual([hash]);
});

test('without a seed no model is like another', () => {
  expect(conv(new VarScope(randomVars())).dataSync()).not.toEqual(conv(new VarScope(randomVars())).dataSync());
});

test('convolutions start Kaiming normal by fan-out, linear layers uniform by fan-in', () => {
  const values = [...conv(new VarScope(randomVars({ seed: 1 }))).dataSync()];
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  expect(deviation).toBeCloseTo(Math.sqrt(2 / (64 * 9)), 2);
  const fc = new Linear(new VarScope(randomVars({ seed: 1 })), { inFeatures: 100, outFeatures: 50 });
  const largest = Math.max(...[...fc.weight.dataSync(), ...fc.bias!.dataSync()].map(Math.abs));
  expect(largest).toBeLessThanOrEqual(0.1);
  expect(largest).toBeGreaterThan(0.099);
});

test('shapesOnly gives names and shapes without memory', () => {
  const before = tf.memory().numBytes;
  const vars = new VarScope(shapesOnly);
  new Conv2d(vars.scope('conv1'), { inChannels: 4096, outChannels: 4096, kernelSize: 3 });
  expect(vars.specs.get('conv1.weight')).toMatchObject({ shape: [3, 3, 4096, 4096], trainable: true });
  expect(tf.memory().numBytes).toBe(before);
});
