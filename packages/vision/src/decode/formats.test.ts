import { describe, expect, test } from 'vitest';
import { readFormatRows } from '../../golden/format-rows.ts';
import { digest } from '../../golden/pixels.ts';
import { DecodeError } from '../decode-error.ts';
import { decodeImage } from '../decode-file.ts';
import { pictureFormat } from '../picture-format.ts';

/** What PIL refuses for the second frame's sake. */
const WHOLE_FIRST_FRAME: readonly string[] = ['AVIF, animated'];

describe.each(readFormatRows())('$format, $variation', (row) => {
  const { format, variation, mode, tolerance, width, height, file } = row;
  const name = `${format}, ${variation}`;

  test('is told by its content', () => {
    expect(pictureFormat(file)).toMatchObject({ name: format, isPicture: true });
  });

  if (row.isRefused) {
    test(`is refused by name (${mode})`, async () => {
      await expect(decodeImage(file)).rejects.toMatchObject({ code: 'FORMAT_UNSUPPORTED' });
    });
    return;
  }

  test(`decodes to PIL’s pixels (${mode})`, async () => {
    const image = await decodeImage(file);
    expect([image.width, image.height]).toEqual([width, height]);
    if (tolerance === 0) {
      expect(digest(image.data)).toBe(row.plain);
      expect(digest((await decodeImage(file, { orient: true })).data)).toBe(row.turned);
      return;
    }
    expect(image.data.length).toBe(row.pixels.length);
    const worst = Math.max(...image.data.map((value, i) => Math.abs(value - row.pixels[i]!)));
    expect(worst).toBeLessThanOrEqual(tolerance);
  });

  test('cut off, is refused wherever PIL refuses it, and has all its pixels elsewhere', async () => {
    const whole = digest((await decodeImage(file)).data);
    const ends = [
      [row.cut, file.subarray(0, Math.floor(file.length * 0.6))],
      [row.short, file.subarray(0, -2)],
    ] as const;
    for (const [pil, bytes] of ends) {
      const got = await decodeImage(bytes).then(
        ({ data }) => digest(data),
        (error: unknown) => error,
      );
      if (DecodeError.isInstance(got)) expect(got.message).toMatch(/^image: expected .* got [^\n]*$/);
      else expect([pil, whole]).toContain(got);
      if (pil === '' && !WHOLE_FIRST_FRAME.includes(name)) expect(DecodeError.isInstance(got)).toBe(true);
    }
  });
});
