import { readFileSync } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { webgpu } from '@residual/backend-webgpu';
import { randomVars } from '@residual/blocks';
import { tfjs } from '@residual/compile';
import { expectClose, requirement } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { EPOCHS, tinyOptions } from '../test/tiny.mjs';
import { shuffledBatches } from './batches.ts';
import type { DataSet } from './data-set.ts';
import { checkpointFolder } from './node/checkpoint-folder.ts';
import { constantRate } from './schedule.ts';
import { type TrainResult, train } from './train.ts';
import { TrainError } from './train-error.ts';
import type { TrainOptions } from './training-options.ts';

/** One for all, so that a shader is compiled once. */
const onWebgpu = webgpu();

const options = (more: Partial<TrainOptions> = {}): TrainOptions => ({
  ...tinyOptions(),
  initial: randomVars({ seed: 3 }),
  ...more,
});

/** Runs a training and gathers the loss of each step. */
async function losses(more: Partial<TrainOptions> = {}): Promise<{ losses: number[]; result: TrainResult }> {
  const steps: number[] = [];
  const onEvent: TrainOptions['onEvent'] = (event) => {
    if (event.kind === 'step') steps.push(event.loss);
    more.onEvent?.(event);
  };
  const result = await train(options({ ...more, onEvent }));
  return { losses: steps, result };
}

/** What eager training gives, which others are compared with. */
let eager: ReturnType<typeof losses>;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residual-train-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});
beforeAll(async () => {
  await tf.setBackend('cpu');
  eager = losses();
  await eager;
});

test('a training learns, evaluates after each epoch and leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  const { losses: steps, result } = await losses({ epochs: 8, schedule: constantRate(0.1) });
  expect(steps).toHaveLength(48);
  expect(result.progress.history.map(({ epoch, step }) => [epoch, step])).toEqual(
    Array.from({ length: 8 }, (_, index) => [index + 1, 6 * (index + 1)]),
  );
  expect(result.evaluation!.total).toBe(40);
  expect(result.evaluation!.top1).toBeGreaterThan(60);
  expect(result.evaluation!.confusion.flat().reduce((sum, count) => sum + count)).toBe(40);
  expect(result.progress.history.at(-1)!.testError).toBeCloseTo(100 - result.evaluation!.top1);
  expect(result.stateDict.get('conv1.weight')!.shape).toEqual([4, 3, 3, 3]);
  expect(tf.memory().numTensors).toBe(before);
});

describe('what steps', () => {
  const devices: { name: string; present: boolean; use: () => Promise<unknown>; more: () => Partial<TrainOptions> }[] =
    [
      {
        name: "engine tfjs on tfjs's CPU backend",
        present: true,
        use: async () => undefined,
        more: () => ({ engine: tfjs() }),
      },
      { name: 'tfjs-node, eagerly', present: requirement('tfjs-node'), use: () => tfjsNode().use(), more: () => ({}) },
      {
        name: 'engine tensorflow',
        present: requirement('tfjs-node'),
        use: async () => undefined,
        more: () => ({ engine: tensorflow() }),
      },
      {
        name: 'engine webgpu, whose state stays on its device',
        present: requirement('webgpu'),
        use: () => provideWebgpu(),
        more: () => ({ engine: onWebgpu }),
      },
    ];

  test.each(devices.filter(({ present }) => present))(
    '$name gives the losses of eager within 1e-3',
    async ({ use, more }) => {
      const expected = await eager;
      try {
        await use();
        const got = await losses(more());
        expectClose(got.losses, expected.losses, 1e-3, 'losses');
        expect(got.result.evaluation!.total).toBe(40);
      } finally {
        await tf.setBackend('cpu');
      }
    },
  );
});

/** Without instructions for it TensorFlow has few kernels in bfloat16. */
function hasBfloat16(): boolean {
  return process.platform === 'linux' && /avx512_bf16|amx_bf16/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

describe('in bfloat16', () => {
  const engines = [
    { engine: native({ precision: 'bf16' }), present: requirement('native') },
    { engine: tensorflow({ precision: 'bf16' }), present: requirement('tfjs-node') && hasBfloat16() },
  ];
  const present = engines.filter((one) => one.present);
  test.each(present)(
    'engine $engine.name has about the losses of float32, and a state in float32',
    async ({ engine }) => {
      const expected = await eager;
      const got = await losses({ engine, checkpoints: checkpointFolder(folder) });
      expectClose(got.losses.slice(0, 6), expected.losses.slice(0, 6), 0.01, 'losses');
      expectClose(got.losses, expected.losses, 0.1, 'losses');
      const { state } = (await checkpointFolder(folder).latest())!;
      const short = [...state].filter(([, values]) =>
        new Uint32Array(values.buffer.slice(0)).every((bits) => !(bits & 0xffff)),
      );
      expect(short.map(([name]) => name)).toEqual([]);
    },
  );
});

describe('stopped and gone on from its checkpoint, a training has the losses and the weights of one that was not', () => {
  const kinds: [string, boolean, () => Partial<TrainOptions>][] = [
    ['eager', true, () => ({})],
    [
      'eager, with moving averages, two batches a step, mixup and cutmix',
      true,
      () => ({ emaDecay: 0.9, accumulate: 2, data: tinyOptions({ mixup: 0.2, cutmix: 1 }).data }),
    ],
    ['engine tensorflow', requirement('tfjs-node'), () => ({ engine: tensorflow() })],
    ['engine webgpu', requirement('webgpu'), () => ({ engine: onWebgpu })],
  ];

  test.each(kinds.filter(([, present]) => present))('%s', async (_, __, more) => {
    const whole = await losses(more());
    const parts: number[] = [];
    let result: TrainResult;
    do {
      const controller = new AbortController();
      let left = 5;
      const part = await losses({
        ...more(),
        checkpoints: checkpointFolder(folder),
        signal: controller.signal,
        onEvent: (event) => {
          if (event.kind === 'step' && --left === 0) controller.abort();
        },
      });
      parts.push(...part.losses);
      result = part.result;
    } while (result.stopped);
    expect(parts).toEqual(whole.losses);
    expect(result.stateDict).toEqual(whole.result.stateDict);
    expect(result.progress.history.map(({ trainLoss, testLoss }) => [trainLoss, testLoss])).toEqual(
      whole.result.progress.history.map(({ trainLoss, testLoss }) => [trainLoss, testLoss]),
    );
  });
});

describe('what goes wrong is said, and the last good checkpoint stays', () => {
  const stepsKept = async (): Promise<string[]> => (await readdir(folder)).sort();
  const failure = async (more: Partial<TrainOptions>): Promise<TrainError> => {
    const error = await losses({ ...more, checkpoints: checkpointFolder(folder) }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(TrainError.isInstance(error)).toBe(true);
    return error as TrainError;
  };

  test('a loss that is not finite', async () => {
    const error = await failure({ schedule: (step) => (step < 8 ? 0.1 : 1e30) });
    expect(error.code).toBe('LOSS_NOT_FINITE');
    expect(error.message).toMatch(/^step \d+: expected finite .*; lower the learning rate/);
    expect(await stepsKept()).toEqual(['step-00000006']);
  });

  test('a full disk', async () => {
    const handle = await open(join(tmpdir(), 'residual-probe'), 'w');
    await handle.close();
    const prototype = Object.getPrototypeOf(handle);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    let writes = 0;
    const { writeFile } = prototype;
    vi.spyOn(prototype, 'writeFile').mockImplementation(function (this: unknown, ...args: unknown[]) {
      writes += 1;
      return writes > 2 ? Promise.reject(full) : writeFile.apply(this, args);
    });
    const error = await failure({});
    expect(error.code).toBe('UNWRITABLE');
    expect(error.message).toMatch(/step-00000012: expected to write a checkpoint, got ENOSPC; make space/);
    expect(await stepsKept()).toEqual(['step-00000006']);
    vi.restoreAllMocks();
    const { losses: rest } = await losses({ checkpoints: checkpointFolder(folder) });
    expect(rest).toEqual((await eager).losses.slice(6));
  });

  test('a picture that cannot be read', async () => {
    const picture = { width: 8, height: 8, channels: 3 as const, data: new Uint8Array(192) };
    const data: DataSet = {
      size: 32,
      classes: ['a', 'b', 'c', 'd'],
      read: async (index) => {
        if (index === 20) throw new TrainError('BAD_DATA', '20.jpg', 'expected a picture, got none; leave it out');
        return { image: picture, label: 0 };
      },
    };
    const batches = { mean: [0, 0, 0], std: [1, 1, 1], batchSize: 8, sizePx: 8, seed: 1 } as const;
    expect((await failure({ data: shuffledBatches(data, batches) })).message).toMatch(/^20\.jpg/);
  });

  test('a checkpoint of another training, and a damaged one', async () => {
    await losses({ epochs: 1, checkpoints: checkpointFolder(folder) });
    expect((await failure({ emaDecay: 0.9 })).message).toMatch(/^ema\/conv1.weight: expected 108 numbers, got none/);
    const handle = await open(join(folder, 'step-00000006', 'state.safetensors'), 'r+');
    await handle.write(Buffer.from([1, 2, 3]), 0, 3, 900);
    await handle.close();
    const error = await failure({});
    expect(error.code).toBe('BAD_CHECKPOINT');
    expect(error.message).toMatch(/step-00000006: expected a whole checkpoint, got a state of another SHA-256/);
  });

  test('too few pictures for a batch', () => {
    const none: DataSet = { size: 3, classes: ['a'], read: () => ({}) as never };
    const batches = { mean: [0, 0, 0], std: [1, 1, 1], batchSize: 8, sizePx: 8, seed: 1 } as const;
    expect(() => shuffledBatches(none, batches)).toThrow(/expected at least a batch of 8 pictures, got 3/);
  });
});

test('the newest checkpoints and the best one are kept', async () => {
  const { result } = await losses({ checkpoints: checkpointFolder(folder, { keep: 1 }) });
  const best = `step-${`${result.progress.best!.step}`.padStart(8, '0')}`;
  expect((await readdir(folder)).sort()).toEqual(
    [...new Set([best, `step-${`${6 * EPOCHS}`.padStart(8, '0')}`])].sort(),
  );
});
