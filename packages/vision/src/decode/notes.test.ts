import { expect, test } from 'vitest';
import { type FormatRow, readFormatRows } from '../../golden/format-rows.ts';
import { decodeImage } from '../decode-file.ts';

const rows = readFormatRows();
const picture = (name: string): FormatRow => rows.find(({ format, variation }) => `${format}, ${variation}` === name)!;

test.each([
  ['JPEG, EXIF orientation 6', 'ORIENTATION_NOT_APPLIED', 6],
  ['JPEG, EXIF orientation 8', 'ORIENTATION_NOT_APPLIED', 8],
  ['PNG, EXIF orientation 6', 'ORIENTATION_NOT_APPLIED', 6],
  ['WebP, EXIF orientation 6', 'ORIENTATION_NOT_APPLIED', 6],
  ['AVIF, turned as EXIF orientation 6', 'ORIENTATION_NOT_APPLIED', 6],
])('%s: a note says that it was not turned, unless it was', async (name, code, orientation) => {
  const { notes } = await decodeImage(picture(name).file);
  const text = `its EXIF orientation ${orientation} was not applied, as in PIL; orient: true turns it upright`;
  expect(notes).toEqual([{ code, text }]);
  expect((await decodeImage(picture(name).file, { orient: true })).notes).toBeUndefined();
});

test.each(['JPEG, 4:4:4', 'TIFF, orientation 6', 'PNG, 16-bit RGB', 'PNG, 16-bit grey with alpha'])(
  '%s: no note, since nothing is left out',
  async (name) => {
    expect((await decodeImage(picture(name).file)).notes).toBeUndefined();
  },
);

test.each([
  'PNG, 16-bit grey of the whole range',
  'TIFF, 16-bit grey of the whole range',
  'TIFF, 16-bit grey, big-endian',
  'PNM, 16-bit PGM',
])('%s: a note says that it was cut off; the high byte is an option', async (name) => {
  const clipped = await decodeImage(picture(name).file);
  expect(clipped.notes?.map(({ code }) => code)).toEqual(['GREY_CLIPPED']);
  const high = await decodeImage(picture(name).file, { grey16: 'high-byte' });
  expect(high.notes).toBeUndefined();
  expect(Math.max(...high.data)).toBeLessThan(256);
  expect(new Set(clipped.data).has(255)).toBe(true);
});

test('the high byte of 16-bit grey is the grey that it was made of', async () => {
  const grey = await decodeImage(picture('PNG, grey').file);
  const name = 'PNG, 16-bit grey of the whole range';
  expect((await decodeImage(picture(name).file, { grey16: 'high-byte' })).data).toEqual(grey.data);
});

test('32-bit grey has no high byte: it is cut off, and said', async () => {
  const { notes } = await decodeImage(picture('TIFF, 32-bit grey').file, { grey16: 'high-byte' });
  expect(notes?.[0]).toMatchObject({ code: 'GREY_CLIPPED', text: expect.stringContaining('scale it to 0…255 first') });
});
