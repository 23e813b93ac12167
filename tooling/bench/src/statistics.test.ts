import { expect, test } from 'vitest';
import { median, powerLawExponent, quantile } from './statistics.ts';

test('the median of an even number of values is between the middle two', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([5])).toBe(5);
});

test('quantiles lie between their neighbours in proportion, as numpy has them', () => {
  expect(quantile([1, 2, 3, 4, 5], 0.05)).toBeCloseTo(1.2);
  expect(quantile([5, 4, 3, 2, 1], 0.95)).toBeCloseTo(4.8);
});

test('time in proportion to pixels has the exponent 1, to their square 2', () => {
  const sizes = [1, 2, 4, 8];
  expect(powerLawExponent(sizes.map((x) => [x, 3 * x]))).toBeCloseTo(1);
  expect(powerLawExponent(sizes.map((x) => [x, 3 * x * x]))).toBeCloseTo(2);
});
