import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noiseImage } from '../golden/pixels.ts';
import { centerCrop, cropOffset } from './crop.ts';
import { ImageError } from './image-error.ts';

test('half a pixel of margin rounds to even, as Python rounds', () => {
  expect([256, 257, 259, 261].map((size) => cropOffset(size, 224, 'half-even'))).toEqual([16, 16, 18, 18]);
  expect([256, 257, 259, 261].map((size) => cropOffset(size, 224, 'floor'))).toEqual([16, 16, 17, 18]);
});

test('a picture smaller than the crop is padded with black, the smaller half first in torchvision', () => {
  const image = { width: 1, height: 2, channels: 3 as const, data: new Uint8Array([1, 2, 3, 4, 5, 6]) };
  const red = (crop: { data: Uint8Array | Uint8ClampedArray }) => Array.from(crop.data).filter((_, i) => i % 3 === 0);
  expect(red(centerCrop(image, 4))).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0]);
  expect(red(centerCrop(image, 4, 'floor'))).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 0, 0]);
});

test('any picture crops to the square asked for, its middle pixel kept', () => {
  const edge = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(edge, edge, edge, fc.constantFrom('half-even' as const, 'floor' as const), (w, h, size, rounding) => {
      const image = noiseImage(w, h, w * 31 + h);
      const crop = centerCrop(image, size, rounding);
      expect([crop.width, crop.height, crop.data.length]).toEqual([size, size, size * size * 3]);
      const left = cropOffset(w, size, rounding);
      const top = cropOffset(h, size, rounding);
      const x = Math.floor(w / 2);
      const y = Math.floor(h / 2);
      if (x - left >= size || y - top >= size) return;
      expect(crop.data[((y - top) * size + x - left) * 3]).toBe(image.data[(y * w + x) * 3]);
    }),
  );
});

test('a crop of no pixel is refused', () => {
  expect(() => centerCrop(noiseImage(2, 2, 1), 0)).toThrow(ImageError);
});
