import { expect, test } from 'vitest';
import { type BlockStride, strideAtFirstBlock, strideAtLastBlock } from './block-stride.ts';

const depths = [2, 3, 1];
const all = (stride: BlockStride) =>
  depths.map((depth, stage) => Array.from({ length: depth }, (_, index) => stride(stage, index, depths)));

test('every stage after the first halves the picture in its first block', () => {
  expect(all(strideAtFirstBlock)).toEqual([[1, 1], [2, 1, 1], [2]]);
});

test('every stage before the last halves the picture in its last block', () => {
  expect(all(strideAtLastBlock)).toEqual([[1, 2], [1, 1, 2], [1]]);
});
