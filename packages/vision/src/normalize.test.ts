import { expect, test } from 'vitest';
import { digest, noiseImage, readGolden } from '../golden/pixels.ts';
import { ImageError } from './image-error.ts';
import { normalize, type Rgb } from './normalize.ts';
import { cifar } from './preset.ts';
import { PresetError } from './preset-error.ts';

test('all 256 levels become torch’s float32, to the bit', () => {
  const { levels } = readGolden<{ levels: [Rgb, Rgb, string][] }>('preprocess.json');
  const data = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  for (const [mean, std, floats] of levels) {
    expect(digest(normalize({ width: 16, height: 16, channels: 3, data }, { mean, std }))).toBe(floats);
  }
});

test('a slice of a batch is filled in place', () => {
  const image = noiseImage(2, 2, 1);
  const batch = new Float32Array(24);
  const slice = batch.subarray(12);
  expect(normalize(image, cifar, slice)).toBe(slice);
  expect(batch.subarray(0, 12).every((value) => value === 0)).toBe(true);
  expect(slice).toEqual(normalize(image, cifar));
  expect(() => normalize(image, cifar, batch)).toThrow(ImageError);
});

test('a deviation of zero or a mean that is no number is refused', () => {
  const image = noiseImage(1, 1, 1);
  expect(() => normalize(image, { mean: [0, 0, 0], std: [1, 0, 1] })).toThrow(PresetError);
  expect(() => normalize(image, { mean: [0, 0, 0], std: [1, 1, -1] })).toThrow('std: expected a number above 0');
  expect(() => normalize(image, { mean: [0, 0, 0], std: [Number.POSITIVE_INFINITY, 1, 1] })).toThrow('got Infinity');
  expect(() => normalize(image, { mean: [Number.NEGATIVE_INFINITY, 0, 0], std: [1, 1, 1] })).toThrow(PresetError);
  expect(() => normalize(image, { mean: [0, Number.NaN, 0], std: [1, 1, 1] })).toThrow('got NaN');
});
