import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digest, hex, noiseImage, readGolden } from '../golden/pixels.ts';
import { ImageError } from './image-error.ts';
import type { Interpolation } from './interpolation.ts';
import { resize, resizeShortestEdge, shortestEdgeSize } from './resize.ts';

interface ResizeGolden {
  readonly cases: [number, number, number, number, number, string, string][];
  readonly small: [number, number, number, number, number, Interpolation, string][];
}

const golden = readGolden<ResizeGolden>('resize.json');
const edge = fc.integer({ min: 1, max: 40 });
const interpolation = fc.constantFrom<Interpolation>('bilinear', 'bicubic');

test('the bytes of small pictures are PIL’s', () => {
  for (const [fromWidth, fromHeight, width, height, seed, filter, bytes] of golden.small) {
    const image = noiseImage(fromWidth, fromHeight, seed);
    expect(hex(resize(image, { width, height, interpolation: filter }).data)).toBe(bytes);
  }
});

test('no pixel differs from PIL over 200 sizes and both filters', () => {
  expect(golden.cases.length).toBe(200);
  const differing = golden.cases.filter(([fromWidth, fromHeight, width, height, seed, bilinear, bicubic]) => {
    const image = noiseImage(fromWidth, fromHeight, seed);
    return (
      digest(resize(image, { width, height, interpolation: 'bilinear' }).data) !== bilinear ||
      digest(resize(image, { width, height, interpolation: 'bicubic' }).data) !== bicubic
    );
  });
  expect(differing).toEqual([]);
});

test('any size comes out as asked, and one colour stays that colour', () => {
  fc.assert(
    fc.property(
      edge,
      edge,
      edge,
      edge,
      fc.integer({ min: 0, max: 255 }),
      interpolation,
      (w, h, width, height, v, f) => {
        const image = { width: w, height: h, channels: 3 as const, data: new Uint8Array(w * h * 3).fill(v) };
        const out = resize(image, { width, height, interpolation: f });
        expect([out.width, out.height, out.channels, out.data.length]).toEqual([width, height, 3, width * height * 3]);
        expect(out.data.every((value) => value === v)).toBe(true);
      },
    ),
  );
});

test('bilinear is the default, and the source stays as it was', () => {
  const image = noiseImage(9, 7, 3);
  const before = digest(image.data);
  const out = resize(image, { width: 4, height: 4 });
  expect(out).toEqual(resize(image, { width: 4, height: 4, interpolation: 'bilinear' }));
  const copy = resize(image, { width: 9, height: 7 });
  copy.data.fill(0);
  expect(digest(image.data)).toBe(before);
});

test('the shorter edge gets its length and the longer is cut to a whole pixel', () => {
  expect(shortestEdgeSize({ width: 451, height: 300 }, 256)).toEqual({ width: 384, height: 256 });
  expect(shortestEdgeSize({ width: 512, height: 929 }, 256)).toEqual({ width: 256, height: 464 });
  const image = noiseImage(300, 2, 1);
  expect(resizeShortestEdge(image, 2)).toBe(image);
  expect(resizeShortestEdge(image, 1)).toMatchObject({ width: 150, height: 1 });
});

test('what is no image or no size is refused in one line', () => {
  const image = noiseImage(2, 2, 1);
  const none = { width: 0, height: 4, channels: 3 as const, data: new Uint8Array(0) };
  expect(() => resize(none, { width: 1, height: 1 })).toThrow('expected an image of at least 1 × 1 pixel, got 0 × 4');
  expect(() => resize(image, { width: 0, height: 1 })).toThrow('expected a size of at least 1 × 1 pixel, got 0 × 1');
  expect(() => resize(image, { width: 1.5, height: 1 })).toThrow(ImageError);
  expect(() => resize({ ...image, width: 3 }, { width: 1, height: 1 })).toThrow(
    'expected 18 bytes (2 × 3 × 3), got 12',
  );
  const lanczos = 'lanczos' as Interpolation;
  expect(() => resize(image, { width: 1, height: 1, interpolation: lanczos })).toThrow(
    'bilinear or bicubic, got lanczos',
  );
  expect(() => resizeShortestEdge(image, -1)).toThrow(ImageError);
});
