import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { expect, test } from 'vitest';
import { LineProcess } from '../src/line-process.ts';
import { pytorchKind, startTrainer, type TrainerOptions, trainerNames } from '../src/training/trainers.ts';
import { playTrainers, type TrainerResult } from '../src/training/training-match.ts';
import { parseTrainingOptions } from '../src/training/training-options.ts';
import { fastestPeers, formatTraining, largestDifference } from '../src/training/training-report.ts';

const options: TrainerOptions = {
  workload: { model: 'resnet20', sizePx: 32, batch: 128, learningRate: 0.1, folder: join(tmpdir(), 'no-such-folder') },
  threads: 1,
  python: 'no-such-python',
};

test('a process answers line by line, and its end is an error with its last words', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'residual-lines-'));
  const script = join(folder, 'echo.mjs');
  writeFileSync(
    script,
    `process.stdin.on('data', (line) => {
      if (JSON.parse(line).end) throw new Error('enough');
      process.stdout.write(line);
    });`,
  );
  const echo = new LineProcess('echo', process.execPath, [script]);
  try {
    expect(await echo.answer({ steps: 3 })).toEqual({ steps: 3 });
    await expect(echo.answer({ end: true })).rejects.toThrow(/^echo: expected an answer, got its end: /);
  } finally {
    await echo.stop();
    rmSync(folder, { recursive: true });
  }
});

test('who cannot train says why; a name that there is not is refused', async () => {
  expect(() => startTrainer('jax', options)).toThrow(
    `--trainers: expected some of ${trainerNames().join(', ')}, got 'jax'`,
  );
  const absent = startTrainer('pytorch-0', options);
  await expect(absent.answer()).rejects.toThrow(/pytorch-0: expected an answer, got its end: .*ENOENT/);
  await absent.stop();
});

test('PyTorch takes part once with each Python, with workers only where it makes its own batches', () => {
  const parsed = parseTrainingOptions(['cifar', '--python', 'a', '--python', 'b', '--trainers', 'pytorch-2'], '/data');
  expect(parsed).toMatchObject({ pythons: ['a', 'b'], trainers: ['pytorch-2'], workload: { folder: '/data/cifar' } });
  expect(pytorchKind('pytorch-compile-bf16-1')).toEqual({ isCompiled: true, isBf16: true, workers: 1 });
  expect(pytorchKind('native')).toBeUndefined();
  const shared = { initialFile: '', batchesFile: '' };
  expect(() => startTrainer('pytorch-2', { ...options, shared })).toThrow(/no workers .* got 'pytorch-2'/);
});

test.each([
  [['--trainers', 'jax'], /--trainers: expected some of native, .* got 'jax'/],
  [['--model', 'resnet19'], /--model: expected a variant .* got 'resnet19'/],
  [['cifar', '--size', '224'], /--size: expected 32, .* got '224'; leave DIR out/],
  [['--curve', '301'], /--curve: expected at most 300 steps, got '301'/],
  [['--rate', '-1'], /--rate/],
  [['--rate', 'fast'], /--rate: expected a number above 0, got 'fast'/],
])('%j is refused', (args, message) => {
  expect(() => parseTrainingOptions(args, '.')).toThrow(message);
});

test('a trainer is held against the fastest of each PyTorch, in float32 and in bfloat16', () => {
  const result = (name: string, version: string | undefined, rates: number[]): TrainerResult => ({
    ...{ name, label: name, device: '', rates, losses: [] },
    ...(version !== undefined && { version }),
  });
  const slow = result('pytorch-0', '1.13', [90, 100, 95]);
  const fast = result('pytorch-1', '1.13', [101, 99, 400]);
  const other = result('pytorch-compile-0', '2.15', [300, 300, 300]);
  const narrow = result('pytorch-bf16-0', '2.15', [1, 1, 1]);
  expect(fastestPeers([result('native', undefined, [500]), slow, fast, other, narrow])).toEqual([fast, other, narrow]);
});

test('curves are apart by the largest difference of a step; NaN is not passed over', () => {
  expect(largestDifference([1, 2.5, 3], [1, 2, 3.25])).toEqual({ difference: 0.5, step: 2 });
  expect(largestDifference([1, Number.NaN, 3], [1, 2, 9])).toEqual({ difference: Number.NaN, step: 2 });
});

test.skipIf(![requirement('python'), requirement('native'), requirement('tfjs-node')].every(Boolean))(
  'from the same weights, with the same batches, the losses of PyTorch and the native kernels are the same',
  { timeout: 120_000 },
  async () => {
    const trainers = 'native,pytorch-0';
    const args = ['--model', 'resnet8', '--batch', '8', '--curve', '3', '--threads', '1', '--trainers', trainers];
    const parsed = parseTrainingOptions([...args, '--python', '/usr/bin/python3'], '.');
    const played = await playTrainers(parsed, () => undefined);
    const [native, pytorch] = played.results;
    expect(pytorch?.label).toBe(`pytorch-0 (${pytorch?.version})`);
    expect(native!.losses).toHaveLength(3);
    expect(largestDifference(native!.losses, pytorch!.losses).difference).toBeLessThan(1e-4);
    expect(formatTraining(parsed, played)).toContain(`largest difference from ${pytorch?.label}`);
  },
);
