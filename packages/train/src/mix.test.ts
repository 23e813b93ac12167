import { seededRandom } from '@residual/vision';
import { expect, test } from 'vitest';
import { mixBatch, shuffled } from './mix.ts';
import { classTargets } from './targets.ts';

const shape = [6, 4, 4, 1] as const;
/** Picture i is all of the number i. */
const batch = {
  images: Float32Array.from({ length: 96 }, (_, index) => Math.floor(index / 16)),
  targets: classTargets([0, 1, 2, 3, 4, 5], 6),
};

test('mixup blends each picture and its target with those of one other, by the same share', () => {
  const shares: number[] = [];
  for (let seed = 0; seed < 400; seed++) {
    const { images, targets } = mixBatch(batch, shape, { mixup: 1 }, seededRandom(seed));
    for (let row = 0; row < 6; row++) {
      const weights = targets.subarray(row * 6, row * 6 + 6);
      expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 5);
      const mean = weights.reduce((sum, weight, label) => sum + weight * label, 0);
      for (const value of images.subarray(row * 16, row * 16 + 16)) expect(value).toBeCloseTo(mean, 4);
    }
    shares.push(targets[0]!);
  }
  // Of Beta(1, 1) the mean is a half; a sixth of the pictures meet themselves.
  expect(shares.reduce((sum, share) => sum + share) / 400).toBeCloseTo(0.5 + 0.5 / 6, 1);
});

test('cutmix puts a rectangle of another picture in, and its share of the target', () => {
  for (let seed = 0; seed < 100; seed++) {
    const { images, targets } = mixBatch(batch, shape, { cutmix: 1 }, seededRandom(seed));
    for (let row = 0; row < 6; row++) {
      const own = images.subarray(row * 16, row * 16 + 16).filter((value) => value === row).length;
      expect(targets[row * 6 + row]).toBeCloseTo(own / 16, 5);
    }
  }
});

test('with neither, the batch is as it was; the same seed mixes the same', () => {
  expect(mixBatch(batch, shape, {}, seededRandom(1))).toBe(batch);
  const both = { mixup: 0.2, cutmix: 1 };
  expect(mixBatch(batch, shape, both, seededRandom(3))).toEqual(mixBatch(batch, shape, both, seededRandom(3)));
});

test('a shuffle has each number once', () => {
  const order = shuffled(1000, seededRandom(1));
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(1000).keys()]);
  expect([...order.subarray(0, 5)]).not.toEqual([0, 1, 2, 3, 4]);
});

test('smoothing spreads a share of each target over all classes', () => {
  const row = classTargets([1], 4, 0.2);
  expect([...row].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0.05, 0.85, 0.05, 0.05]);
});
