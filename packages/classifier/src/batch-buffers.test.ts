import { expect, test } from 'vitest';
import { BatchBuffers } from './batch-buffers.ts';

const pictures = (...firsts: number[]): Float32Array[] => firsts.map((first) => Float32Array.of(first, first + 1));

test('a batch that was given back is the memory of the next of its length, with the numbers of that one alone', () => {
  const buffers = new BatchBuffers();
  const first = buffers.join(pictures(1, 3));
  expect([...first]).toEqual([1, 2, 3, 4]);
  expect(buffers.join(pictures(5, 7))).not.toBe(first);
  buffers.give(first);
  expect(buffers.join(pictures(9))).not.toBe(first);
  const second = buffers.join(pictures(5, 7));
  expect(second).toBe(first);
  expect([...second]).toEqual([5, 6, 7, 8]);
});

test('no more of a length are kept than run at once', () => {
  const buffers = new BatchBuffers();
  const three = [1, 2, 3].map((first) => buffers.join(pictures(first)));
  for (const batch of three) buffers.give(batch);
  const again = [1, 2, 3].map((first) => buffers.join(pictures(first)));
  expect(again.filter((batch) => three.includes(batch))).toHaveLength(2);
});
