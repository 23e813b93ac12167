import { expect, test } from 'vitest';
import { fromPixels, type Pixels } from './from-pixels.ts';
import { ImageError } from './image-error.ts';
import { preprocess } from './preprocess.ts';
import { cifar } from './preset.ts';

const bytes = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => (i * 41) % 256);
const size = { width: 3, height: 2 } as const;
const expected = { ...size, channels: 3, data: bytes };

function read(pixels: Pixels): unknown {
  const { data, ...others } = fromPixels(pixels);
  return { ...others, data: Uint8Array.from(data) };
}

test.each<[string, Pixels]>([
  ['bytes', { ...size, data: bytes }],
  ['a Buffer', { ...size, channels: 3, data: Buffer.from(bytes) }],
  ['a Float32Array to 1', { ...size, data: Float32Array.from(bytes, (value) => value / 255), range: 1 }],
  ['a Float64Array to 255', { ...size, data: Float64Array.from(bytes), range: 255 }],
  ['a Uint16Array to 65535', { ...size, data: Uint16Array.from(bytes, (value) => value * 257), range: 65535 }],
  ['a Uint16Array to 255', { ...size, data: Uint16Array.from(bytes), range: 255 }],
  ['a plain array to 1', { ...size, data: Array.from(bytes, (value) => value / 255), range: 1 }],
  [
    'RGBA',
    { ...size, data: Uint8Array.from({ length: 24 }, (_, i) => (i % 4 < 3 ? bytes[(i >> 2) * 3 + (i % 4)]! : 7)) },
  ],
])('%s becomes the same RGB bytes', (_, pixels) => {
  expect(read(pixels)).toEqual(expected);
});

test('grey is repeated, and numbers between two levels are rounded to the nearest', () => {
  const grey = { width: 2, height: 1, data: Float32Array.of(0.5, 0.001), range: 1 as const };
  expect(Array.from(fromPixels(grey).data)).toEqual([128, 128, 128, 0, 0, 0]);
  expect(fromPixels({ width: 1, height: 1, channels: 1, data: Uint16Array.of(65407), range: 65535 }).data[2]).toBe(255);
});

test('RGB bytes are given back as they are, with their notes', () => {
  const image = { ...expected, channels: 3 as const, notes: [{ code: 'GREY_CLIPPED' as const, text: 'cut' }] };
  expect(fromPixels(image)).toBe(image);
});

test.each<[string, object, string]>([
  [
    'floats without a range',
    { data: Float32Array.from(bytes, (value) => value / 256) },
    'image data: expected bytes (Uint8Array), or numbers with their range, got Float32Array of values from 0 to 0.960938; say which number is white: range: 1',
  ],
  [
    '16 bits without a range',
    { data: Uint16Array.from(bytes, (v) => v * 100) },
    'to 24600; say which number is white: range: 65535',
  ],
  [
    'numbers without a range',
    { data: Array.from(bytes) },
    'got Array of values from 0 to 246; say which number is white: range: 255',
  ],
  [
    'normalised numbers',
    { data: Float32Array.from(bytes, (v) => v / 99 - 1) },
    'scale them to 0 … 1, and say which number is white: range: 1',
  ],
  ['NaN without a range', { data: new Float32Array(18).fill(Number.NaN) }, 'got Float32Array; scale them'],
  ['another range', { data: bytes, range: 2 }, 'image range: expected 1, 255 or 65535, got 2'],
  [
    'NaN',
    { data: Float32Array.from(bytes, (v, i) => (i === 14 ? Number.NaN : v / 255)), range: 1 },
    'image data: expected numbers from 0 to 1, got NaN at row 1, column 1, channel 2, counted from 0; scale them',
  ],
  ['too much', { data: Float32Array.from(bytes), range: 1 }, 'from 0 to 1, got 41 at row 0, column 0, channel 1'],
  ['too little', { data: Int16Array.from(bytes, (v) => v - 9), range: 255 }, 'got -9 at row 0, column 0, channel 0'],
  [
    'lists in a list',
    { data: [[1, 2, 3]], width: 1, height: 1, channels: 1, range: 255 },
    'got Array at row 0, column 0, channel 0, counted from 0; flatten them',
  ],
  ['big integers', { data: BigInt64Array.from([1n, 2n, 3n]), width: 1, height: 1, range: 255 }, 'got BigInt at row 0'],
  ['too few', { data: bytes.subarray(1) }, 'image data: expected numbers (2 × 3 × 1, 3 or 4), got 17'],
  ['RGB that is called RGBA', { data: bytes, channels: 4 }, 'image data: expected 24 numbers (2 × 3 × 4), got 18'],
  ['two channels', { data: bytes, channels: 2 }, 'image channels: expected 1 (grey), 3 (RGB) or 4 (RGBA), got 2'],
  ['no size', { data: bytes, width: '3' }, 'image: expected at least 1 × 1 pixel, got "3" × 2'],
  ['no data', {}, 'image data: expected an array of numbers, got undefined'],
  ['text', { data: 'abc' }, 'image data: expected an array of numbers, got String'],
])('%s: refused in a line', (_, pixels, message) => {
  const call = () => fromPixels({ ...size, ...pixels } as Pixels);
  expect(call).toThrow(ImageError);
  expect(call).toThrow(message);
});

test('numbers that are no bytes never go into a network as they are', () => {
  const image = { ...size, channels: 3 as const, data: Float32Array.from(bytes) as unknown as Uint8Array };
  expect(() => preprocess(image, cifar)).toThrow('expected bytes (Uint8Array or Uint8ClampedArray), got Float32Array');
});
