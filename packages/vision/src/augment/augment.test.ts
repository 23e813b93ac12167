import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { PixelImage } from '../pixel-image.ts';
import { seededRandom } from '../seeded-random.ts';
import { type Augmentation, chainAugmentations } from './augmentation.ts';
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from './color.ts';
import { colorJitter } from './color-jitter.ts';
import { autoContrast, equalize, posterize, sharpen, solarize } from './levels.ts';
import { randomCrop } from './random-crop.ts';
import { randomErasing } from './random-erasing.ts';
import { randomFlip } from './random-flip.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import { trivialAugmentWide } from './trivial-augment.ts';

// Made by tooling/golden/pil_augment.py.
const golden = JSON.parse(readFileSync(new URL('../../golden/augment.json', import.meta.url), 'utf8')) as {
  width: number;
  height: number;
  picture: number[];
  results: Record<string, number[]>;
};
const picture: PixelImage = { ...golden, channels: 3, data: Uint8ClampedArray.from(golden.picture) };

const changes: Record<string, (image: PixelImage) => PixelImage> = {
  'brightness 0.6': (image) => adjustBrightness(image, 0.6),
  'brightness 1.7': (image) => adjustBrightness(image, 1.7),
  'contrast 0.4': (image) => adjustContrast(image, 0.4),
  'contrast 1.9': (image) => adjustContrast(image, 1.9),
  'saturation 0.3': (image) => adjustSaturation(image, 0.3),
  'saturation 1.8': (image) => adjustSaturation(image, 1.8),
  'sharpness 0.2': (image) => sharpen(image, 0.2),
  'sharpness 1.9': (image) => sharpen(image, 1.9),
  'posterize 3': (image) => posterize(image, 3),
  'solarize 100': (image) => solarize(image, 100),
  autocontrast: autoContrast,
};

test.each(Object.keys(golden.results))("%s gives Pillow's bytes", (name) => {
  const got = name === 'equalize' ? firstTile(equalize(tiled(picture, 20))) : [...changes[name]!(picture).data];
  expect(got).toEqual(golden.results[name]);
});

test('hue turned round is the picture again, and a third of a turn makes green of red', () => {
  const turned = adjustHue(adjustHue(picture, 0.3), -0.3);
  const apart = turned.data.map((value, index) => Math.abs(value - picture.data[index]!));
  expect(Math.max(...apart)).toBeLessThanOrEqual(3);
  const red: PixelImage = { width: 1, height: 1, channels: 3, data: Uint8Array.of(200, 0, 0) };
  expect([...adjustHue(red, 1 / 3).data]).toEqual([0, 200, 0]);
});

const photograph = tiled(picture, 6);
const augmentations: Record<string, [Augmentation, number, number]> = {
  randomCrop: [randomCrop(32, { paddingPx: 4 }), 32, 32],
  randomFlip: [randomFlip(), 54, 42],
  randomResizedCrop: [randomResizedCrop(24), 24, 24],
  randomErasing: [randomErasing({ probability: 1 }), 54, 42],
  colorJitter: [colorJitter({ brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 }), 54, 42],
  trivialAugmentWide: [trivialAugmentWide(), 54, 42],
  all: [chainAugmentations(randomResizedCrop(32), randomFlip(), trivialAugmentWide(), randomErasing()), 32, 32],
};

describe.each(Object.keys(augmentations))('%s', (name) => {
  const [augment, width, height] = augmentations[name]!;

  test('gives the same picture for the same seed, others for others, and leaves its input alone', () => {
    const before = [...photograph.data];
    const made = Array.from({ length: 40 }, (_, index) => augment(photograph, seededRandom(1, 2, index)));
    for (const [index, image] of made.entries()) {
      expect([image.width, image.height, image.data.length]).toEqual([width, height, width * height * 3]);
      expect([...augment(photograph, seededRandom(1, 2, index)).data]).toEqual([...image.data]);
    }
    expect(new Set(made.map(({ data }) => data.join())).size).toBeGreaterThan(1);
    expect([...photograph.data]).toEqual(before);
  });
});

test('a crop is of the picture with black around, each place as likely as the next', () => {
  const ones: PixelImage = { width: 4, height: 4, channels: 3, data: new Uint8Array(48).fill(1) };
  const crop = randomCrop(4, { paddingPx: 1 });
  const counts = new Map<number, number>();
  for (let index = 0; index < 900; index++) {
    const sum = [...crop(ones, seededRandom(7, index)).data].reduce((total, value) => total + value, 0) / 3;
    counts.set(sum, (counts.get(sum) ?? 0) + 1);
  }
  // Of nine places the middle shows 16 pixels, four 12 and four 9.
  expect([...counts.keys()].sort((a, b) => a - b)).toEqual([9, 12, 16]);
  expect(counts.get(16)! / 900).toBeCloseTo(1 / 9, 1);
  expect(counts.get(9)! / 900).toBeCloseTo(4 / 9, 1);
});

test('a flip twice is the picture again', () => {
  const flip = randomFlip(1);
  const never = randomFlip(0);
  const random = seededRandom(1);
  expect([...flip(flip(picture, random), random).data]).toEqual(golden.picture);
  expect([...flip(picture, random).data.subarray(0, 3)]).toEqual(golden.picture.slice(24, 27));
  expect(never(picture, random)).toBe(picture);
});

test('numbers are even and unlike between neighbouring keys', () => {
  const draws = Array.from({ length: 10000 }, (_, index) => seededRandom(3, 1, index)());
  expect(draws.reduce((sum, value) => sum + value, 0) / 10000).toBeCloseTo(0.5, 1);
  expect(new Set(draws).size).toBeGreaterThan(9990);
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
});

function tiled(image: PixelImage, times: number): PixelImage {
  const [width, height] = [image.width * times, image.height * times];
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = ((y % image.height) * image.width + (x % image.width)) * 3;
      data.set(image.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  return { width, height, channels: 3, data };
}

function firstTile(image: PixelImage): number[] {
  return Array.from({ length: golden.height }, (_, y) => {
    const from = y * image.width * 3;
    return [...image.data.subarray(from, from + golden.width * 3)];
  }).flat();
}
