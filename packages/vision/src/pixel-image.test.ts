import { expect, test } from 'vitest';
import { ImageError } from './image-error.ts';
import { checkImage } from './pixel-image.ts';

test('pixels that do not fit their size are refused', () => {
  expect(() => checkImage({ width: 2, height: 1, channels: 3, data: new Uint8Array(5) })).toThrow(
    'expected 6 bytes (1 × 2 × 3), got 5',
  );
  const rgba = { width: 1, height: 1, channels: 4 as unknown as 3, data: new Uint8Array(4) };
  expect(() => checkImage(rgba)).toThrow(ImageError);
});
