import { expect, test } from 'vitest';
import { ImageError } from './image-error.ts';
import { checkImage, fromImageData } from './pixel-image.ts';

test('alpha is dropped, not blended', () => {
  const rgba = { width: 2, height: 1, data: new Uint8ClampedArray([1, 2, 3, 0, 4, 5, 6, 255]) };
  expect(Array.from(fromImageData(rgba).data)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('pixels that do not fit their size are refused', () => {
  expect(() => fromImageData({ width: 2, height: 1, data: new Uint8Array(6) })).toThrow('expected 8 bytes (1 × 2 × 4)');
  const rgba = { width: 1, height: 1, channels: 4 as unknown as 3, data: new Uint8Array(4) };
  expect(() => checkImage(rgba)).toThrow(ImageError);
});
