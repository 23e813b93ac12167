import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { Engine } from '../engine.ts';
import type { Graph } from '../graph.ts';
import { trace } from '../trace.ts';
import { EngineError } from './engine-error.ts';
import { compileFor, firstAvailable } from './first-available.ts';
import { tfjs } from './tfjs-engine.ts';

const absent: Engine = {
  name: 'absent',
  isAvailable: async () => ({ available: false, reason: 'no such device' }),
  compile: () => Promise.reject(new Error('not to be asked')),
};
const narrow: Engine = {
  name: 'narrow',
  isAvailable: async () => ({ available: true }),
  compile: () => Promise.reject(new EngineError('UNSUPPORTED_NODE', 'narrow', "narrow: no 'Cumsum'")),
};

let graph: Graph;

beforeAll(async () => {
  await tf.setBackend('cpu');
  graph = await trace((t) => ({ y: tf.mul(t.input('x', [2]), 3) }));
});

test('the first engine that is there is taken, and who was passed over is told', async () => {
  const choice = await firstAvailable([absent, narrow, tfjs()]);
  expect(choice.engine.name).toBe('narrow');
  expect(choice.passedOver).toEqual([{ name: 'absent', reason: 'no such device' }]);
});

test('an engine without an operation of the graph gives way to the next', async () => {
  const { executable, engine, passedOver } = await compileFor([absent, narrow, tfjs()], graph, new Map());
  expect(engine.name).toBe('tfjs');
  expect(passedOver.map(({ name }) => name)).toEqual(['absent', 'narrow']);
  expect(passedOver[1]!.reason).toContain('Cumsum');
  expect(await executable.run({ x: Float32Array.of(1, 2) })).toEqual({ y: Float32Array.of(3, 6) });
  await executable.dispose();
});

test('where none serves, each reason is given', async () => {
  await expect(compileFor([absent, narrow], graph, new Map())).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining("absent (no such device), narrow (narrow: no 'Cumsum')"),
  });
  await expect(firstAvailable([])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('an engine compiled for one backend says so when another is current', async () => {
  const executable = await tfjs().compile(graph, new Map());
  const cpu = tf.backend();
  tf.registerBackend('other', () => cpu);
  await tf.setBackend('other');
  await expect(executable.run({ x: Float32Array.of(1, 2) })).rejects.toThrow("expected backend 'cpu'");
  await tf.setBackend('cpu');
  await executable.dispose();
});
