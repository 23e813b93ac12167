import { expect, test } from 'vitest';
import { makeDivisible } from './make-divisible.ts';

// timm 1.0: make_divisible(channels, divisor, min_value, round_limit)
test.each([
  { channels: 24, divisor: 8, least: 32, expected: 32 },
  { channels: 100, divisor: 8, least: 32, expected: 104 },
  { channels: 68, divisor: 16, expected: 64 },
  { channels: 17, divisor: 16, expected: 16 },
  { channels: 48, divisor: 32, expected: 64 },
  { channels: 10, divisor: 8, expected: 16 },
  { channels: 11, divisor: 8, expected: 16 },
  { channels: 10, divisor: 9, expected: 9 },
  { channels: 11, divisor: 8, kept: 0, expected: 8 },
])('$channels channels by $divisor: $expected', ({ channels, expected, ...options }) => {
  expect(makeDivisible(channels, options)).toBe(expected);
});
