import { execFileSync } from 'node:child_process';
import { dataPath, requirement } from '@residual/testing';
import { card } from '@residual/weights-cifar10';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';
import { residual } from './run-command.ts';

test('classify alone names the sample pictures, and says how to have more classes', async () => {
  const { exitCode, stdout, said } = await residual(['classify', '--top', '1']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/│ chelsea.jpg │ cat +│/);
  expect(stdout).toMatch(/│ horse.jpg +│ horse │/);
  expect(said[0]).toBe(
    `weights: ${card.model}, trained on CIFAR-10; ten classes, ${card.test.top1} % of the test pictures right`,
  );
  expect(said[1]).toMatch(/^for ImageNet's thousand classes: residual classify PICTURE… --model resnet50, /);
});

test('the embedded weights are those of one variant', async () => {
  expect((await residual(['classify', '--model', card.model, '--json'])).exitCode).toBe(0);
  const { exitCode, said } = await residual(['classify', '--model', 'resnet20']);
  expect([exitCode, said[0]]).toEqual([
    2,
    expect.stringContaining("expected a file with resnet20's weights, got none"),
  ]);
});

describe.skipIf(!requirement('data'))('on CIFAR-10', () => {
  test('evaluate gives the figure of the card', { timeout: 600_000 }, async () => {
    const folder = temporaryFolder();
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), folder]);
    const { exitCode, stdout } = await residual(['evaluate', '--data', `cifar10:${folder}`, '--json']);
    expect(exitCode).toBe(0);
    const { correct, total, top5, loss } = JSON.parse(stdout);
    // Kernels differ in the last bits.
    expect(Math.abs(correct - card.test.correct)).toBeLessThanOrEqual(2);
    expect(total).toBe(10_000);
    expect(top5).toBeCloseTo(card.test.top5, 1);
    expect(loss).toBeCloseTo(card.test.loss, 3);
  });
});
