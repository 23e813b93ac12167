import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digest, noiseImage, readGolden } from '../golden/pixels.ts';
import { centerCrop } from './crop.ts';
import type { Interpolation } from './interpolation.ts';
import { preprocess, resizeAndCrop } from './preprocess.ts';
import { CROP_MODES, cifar, imagenet1kV1, type Preset } from './preset.ts';
import { resize, resizeShortestEdge } from './resize.ts';

interface PreprocessGolden {
  readonly cases: [number, number, number, number, number, Interpolation, number, number, string, string][];
}

test('pixels and floats are those of torchvision’s Resize, CenterCrop, ToTensor and Normalize', () => {
  const { cases } = readGolden<PreprocessGolden>('preprocess.json');
  for (const [
    width,
    height,
    seed,
    resizePx,
    cropPx,
    interpolation,
    resizedWidth,
    resizedHeight,
    crop,
    floats,
  ] of cases) {
    const image = noiseImage(width, height, seed);
    const preset = { ...cifar, resizePx, cropPx, interpolation };
    const resized = resizeShortestEdge(image, resizePx, interpolation);
    expect([resized.width, resized.height]).toEqual([resizedWidth, resizedHeight]);
    expect(digest(centerCrop(resized, cropPx).data)).toBe(crop);
    expect(digest(resizeAndCrop(image, preset).data)).toBe(crop);
    expect(digest(preprocess(image, preset))).toBe(floats);
  }
});

test('computing only what the crop keeps gives the bytes of resizing all and cropping', () => {
  const edge = fc.integer({ min: 1, max: 40 });
  const modes = fc.constantFrom(...CROP_MODES);
  const filters = fc.constantFrom<Interpolation>('bilinear', 'bicubic');
  fc.assert(
    fc.property(edge, edge, edge, edge, modes, filters, (width, height, resizePx, cropPx, cropMode, interpolation) => {
      const image = noiseImage(width, height, width * 41 + height);
      const resized = cropMode.startsWith('squash')
        ? resize(image, { width: resizePx, height: resizePx, interpolation })
        : resizeShortestEdge(image, resizePx, interpolation);
      const expected = centerCrop(resized, cropPx, cropMode.endsWith('floor') ? 'floor' : 'half-even');
      const preset: Preset = { ...cifar, resizePx, cropPx, cropMode, interpolation };
      expect(resizeAndCrop(image, preset)).toEqual(expected);
    }),
  );
});

test('a picture of one pixel fills the crop with its colour', () => {
  const image = { width: 1, height: 1, channels: 3 as const, data: new Uint8Array([7, 8, 9]) };
  const crop = resizeAndCrop(image, imagenet1kV1);
  expect([crop.width, crop.height]).toEqual([224, 224]);
  expect(crop.data.every((value, i) => value === 7 + (i % 3))).toBe(true);
});

test('a 32 × 32 picture reaches the CIFAR family untouched', () => {
  const image = noiseImage(32, 32, 5);
  expect(digest(resizeAndCrop(image, cifar).data)).toBe(digest(image.data));
});

test('a preset whose sizes are no lengths is refused', () => {
  const image = noiseImage(2, 2, 1);
  expect(() => preprocess(image, { ...cifar, resizePx: 0.5 })).toThrow('resizePx: expected a whole number of pixels');
  expect(() => preprocess(image, { ...cifar, cropPx: 0 })).toThrow('cropPx: expected a whole number of pixels, got 0');
});
