import { readFileSync } from 'node:fs';
import { native } from '@residual/backend-node';
import { createClassifier } from '@residual/classifier';
import type { Engine } from '@residual/compile';
import { dataPath, requirement } from '@residual/testing';
import { readStateDict } from '@residual/weights';
import { describe, expect, test } from 'vitest';
import { cifar10, type LabelledPicture, referenceRows } from './real-data.ts';

/** All test pictures where the data must be there, else a part of them. */
const count = (process.env['RESIDUAL_REQUIRE'] ?? '').includes('data') ? 10_000 : 2_000;

/** Training pictures by which int8 finds the ranges of values. */
const CALIBRATION_COUNT = 64;

interface Answers {
  readonly classes: number[];
  readonly correct: number;
}

async function answersOf(engine: Engine, pictures: readonly LabelledPicture[]): Promise<Answers> {
  const weights = await readStateDict(readFileSync(dataPath('weights/akamaster/resnet56-4bfd9763.th')));
  const classifier = await createClassifier({ model: 'resnet56', weights, engines: [engine] });
  const classes: number[] = [];
  for (let start = 0; start < pictures.length; start += 500) {
    const inputs = pictures.slice(start, start + 500).map(({ image }) => classifier.prepare(image));
    for (const row of await classifier.forward(inputs)) classes.push(largest(row));
  }
  await classifier.dispose();
  return { classes, correct: classes.filter((found, index) => found === pictures[index]!.label).length };
}

function largest(row: Float32Array): number {
  return row.indexOf(Math.max(...row));
}

/** In points. */
function agreement(a: readonly number[], b: readonly number[]): number {
  return (100 * a.filter((value, index) => value === b[index]).length) / a.length;
}

describe.skipIf(!requirement('data') || !requirement('native'))('resnet56 over CIFAR-10, natively', () => {
  test(`fp32 counts what torch counts; bf16 is within 0.3 points of it, int8 within 1 (${count} pictures)`, async () => {
    const read = cifar10();
    const pictures = read('test_batch', count);
    const torch = referenceRows('resnet56_test_logits_10000x10.f32', 10).slice(0, count).map(largest);
    const torchCorrect = torch.filter((found, index) => found === pictures[index]!.label).length;

    const exact = await answersOf(native(), pictures);
    expect(Math.abs(exact.correct - torchCorrect)).toBeLessThanOrEqual(2);
    if (count === 10_000) expect(Math.abs(exact.correct - 9339)).toBeLessThanOrEqual(2);
    const report = [`fp32 ${exact.correct} of ${count}`];

    const calibration = await calibrationOf(read('data_batch_1', CALIBRATION_COUNT));
    for (const [precision, points] of [
      ['bf16', 0.3],
      ['int8', 1],
    ] as const) {
      const reduced = await answersOf(native({ precision, calibration }), pictures).catch(onlyUnavailable);
      if (!reduced) continue;
      expect(Math.abs(reduced.correct - exact.correct) / count, precision).toBeLessThanOrEqual(points / 100);
      const agreed = agreement(reduced.classes, exact.classes).toFixed(2);
      report.push(`${precision} ${reduced.correct}, as fp32 on ${agreed} %`);
    }
    console.log(report.join('; '));
  });
});

/** As the network takes them. */
async function calibrationOf(pictures: readonly LabelledPicture[]): Promise<{ image: Float32Array }[]> {
  const weights = await readStateDict(readFileSync(dataPath('weights/akamaster/resnet56-4bfd9763.th')));
  const classifier = await createClassifier({ model: 'resnet56', weights, engines: [native()] });
  const inputs = pictures.map(({ image }) => ({ image: classifier.prepare(image) }));
  await classifier.dispose();
  return inputs;
}

/** A CPU without the instructions for a precision says so. */
function onlyUnavailable(error: unknown): undefined {
  expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('expected a CPU with') });
}
