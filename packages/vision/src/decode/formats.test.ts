import { describe, expect, test } from 'vitest';
import { digest, readGolden } from '../../golden/pixels.ts';
import { decodeImage } from '../decode-file.ts';
import { pictureFormat } from '../picture-format.ts';

/** As `golden/formats.json` says of its columns. */
type Row = [
  format: string,
  variation: string,
  mode: string,
  tolerance: number,
  size: [width: number, height: number],
  plain: string,
  turned: string,
  file: string,
  pixels: string,
];

/** What PIL opens and we refuse by name. */
const REFUSED: readonly string[] = ['JPEG 2000, 16-bit grey', 'TIFF, RGB, lzma'];

const { files } = readGolden<{ files: Row[] }>('formats.json');

describe.each(files)('%s, %s', (format, variation, mode, tolerance, size, plain, turned, base64, pixels) => {
  const bytes = Buffer.from(base64, 'base64');

  test('is told by its content', () => {
    expect(pictureFormat(bytes)).toMatchObject({ name: format, isPicture: true });
  });

  test(`decodes to PIL’s pixels (${mode})`, async () => {
    const decoding = decodeImage(bytes);
    if (REFUSED.includes(`${format}, ${variation}`)) {
      await expect(decoding).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
      return;
    }
    const image = await decoding;
    expect([image.width, image.height]).toEqual(size);
    if (tolerance === 0) {
      expect(digest(image.data)).toBe(plain);
      expect(digest((await decodeImage(bytes, { orient: true })).data)).toBe(turned);
      return;
    }
    const expected = Buffer.from(pixels, 'base64');
    expect(image.data.length).toBe(expected.length);
    const worst = Math.max(...image.data.map((value, i) => Math.abs(value - expected[i]!)));
    expect(worst).toBeLessThanOrEqual(tolerance);
  });
});
