import { expect, test } from 'vitest';
import { readGolden } from '../golden/pixels.ts';
import { pictureFormat } from './picture-format.ts';
import { pictureSize } from './picture-size.ts';

type Row = [format: string, variation: string, mode: string, tolerance: number, size: [number, number], ...string[]];
const known = ['JPEG', 'PNG', 'WebP', 'GIF', 'BMP', 'AVIF'];
/** PIL's picture is as large as the first frame, the header's as the screen; that of the browser is checked once more. */
const isLarger = 'a frame larger than the screen';
const files = readGolden<{ files: Row[] }>('formats.json').files.filter(
  ([format, variation]) => known.includes(format) && variation !== isLarger,
);

test('the size is that of PIL, of every kind of file that tells it', () => {
  expect(new Set(files.map(([format]) => format)).size).toBe(known.length);
  for (const [format, variation, , , size, , , base64] of files) {
    const bytes = Buffer.from(base64!, 'base64');
    const { width, height } = pictureSize(pictureFormat(bytes)!.name, bytes)!;
    expect([width, height], `${format}, ${variation}`).toEqual(size);
  }
});

test('a header that ends early gives none, and no error', () => {
  for (const [format, , , , , , , base64] of files) {
    const bytes = Buffer.from(base64!, 'base64');
    const { name } = pictureFormat(bytes)!;
    for (let length = 0; length < Math.min(200, bytes.length); length++) {
      const found = pictureSize(name, bytes.subarray(0, length));
      expect(found === undefined || found.width > 0, `${format}, ${length} bytes`).toBe(true);
    }
  }
});
