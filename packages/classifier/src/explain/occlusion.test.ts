import { softmax } from '@residual/vision';
import { expect, test } from 'vitest';
import { occlusion } from './occlusion.ts';

/** A network of two classes that looks at the first pixel alone. */
async function scoresOf(inputs: readonly Float32Array[]): Promise<number[]> {
  return inputs.map((input) => softmax(Float32Array.of(0, input[0]!))[1]!);
}

const parts = { edgePx: 16, patchPx: 4, batchSize: 7, scoresOf };

test('what the class hangs on lights up, by as much as the probability falls, and nothing else', async () => {
  const input = new Float32Array(16 * 16 * 3).fill(2);
  const score = 1 / (1 + Math.exp(-2));
  const { width, height, data } = await occlusion({ ...parts, input, score });
  expect([width, height]).toEqual([16, 16]);
  // The first two rows and columns are hidden by one square alone, the next two also by others.
  expect(data[0]).toBeCloseTo(score - 0.5, 6);
  expect(data[2]).toBeCloseTo((score - 0.5) / 2, 6);
  expect(data[2 * 16 + 2]).toBeCloseTo((score - 0.5) / 4, 6);
  const lit = [...data.keys()].filter((pixel) => data[pixel]! > 0);
  expect(lit.every((pixel) => pixel % 16 < 4 && pixel < 4 * 16)).toBe(true);
  expect(lit).toHaveLength(16);
});

test('what speaks against the class is dark', async () => {
  const input = new Float32Array(16 * 16 * 3).fill(-2);
  const { data } = await occlusion({ ...parts, input, score: 1 / (1 + Math.exp(2)) });
  expect(Math.max(...data)).toBeCloseTo(0, 6);
});

test.each([1, 3, 5, 15, 16])('squares of %i pixels hide every pixel', async (patchPx) => {
  const input = new Float32Array(16 * 16 * 3).fill(2);
  const { data } = await occlusion({ ...parts, input, score: 1, patchPx });
  expect(data.every((value) => Number.isFinite(value))).toBe(true);
});
