import { requirement } from '@residual/testing';
import { openSourcePage, type SourcePage } from '@residual/testing/source-page';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digest, readGolden } from '../golden/pixels.ts';
import type { decodeBlob as decode } from './decode-blob.ts';
import { decodeImage } from './decode-file.ts';
import type { DecodeOptions } from './pixel-limit.ts';

/** As `golden/formats.json` says of its columns. */
type Row = [
  format: string,
  variation: string,
  mode: string,
  tolerance: number,
  size: [width: number, height: number],
  plain: string,
  turned: string,
  base64: string,
  ...others: string[],
];

const { files } = readGolden<{ files: Row[] }>('formats.json');
/** What a canvas, or a browser's decoder, cannot give as PIL does. */
const EXCEPTIONS: readonly string[] = [
  'CMYK of Adobe',
  '16-bit grey',
  '16-bit grey of the whole range',
  '16 bits, 5-5-5',
  '16 bits, 5-6-5',
  'a frame smaller than the screen',
  'a frame inside of the screen',
  'a frame smaller than a screen of more than 2,048 pixels',
];
const pictures = files.filter(
  ([format, variation]) =>
    ['JPEG', 'PNG', 'WebP', 'GIF', 'BMP'].includes(format) &&
    !EXCEPTIONS.includes(variation) &&
    !/alpha|transparent/.test(variation),
);
const turnedAvif = files.filter(([format, variation]) => format === 'AVIF' && variation.startsWith('turned'));

function pictureBytes(format: string, variation: string): Buffer {
  return Buffer.from(files.find((row) => row[0] === format && row[1] === variation)![7], 'base64');
}

const SCRIPT = 'import { decodeBlob } from "/src/index.ts"; window.decodeBlob = decodeBlob';

interface Decoded {
  readonly pixels?: Buffer;
  readonly size?: [number, number];
  readonly notes?: string[];
  readonly code?: string;
  readonly message?: string;
}

describe.each(['chromium', 'firefox'] as const)('in %s', (kind) => {
  describe.skipIf(!requirement('chromium') || !requirement(kind))('decoding', () => {
    let opened: SourcePage;

    beforeAll(async () => {
      opened = await openSourcePage(`${import.meta.dirname}/..`, SCRIPT, kind);
    });
    afterAll(() => opened?.close());

    async function decodeThere(bytes: Uint8Array, options: DecodeOptions = {}, name?: string): Promise<Decoded> {
      const { data, ...others } = await opened.page.evaluate(
        async (encoded, chosen, called) => {
          const { decodeBlob } = window as unknown as { decodeBlob: typeof decode };
          const content = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
          const file = called === null ? new Blob([content]) : new File([content], called);
          try {
            const image = await decodeBlob(file, chosen);
            const text = btoa(Array.from(image.data, (value) => String.fromCharCode(value)).join(''));
            const notes = image.notes?.map(({ code }) => code) ?? [];
            return { data: text, size: [image.width, image.height] as [number, number], notes };
          } catch (error) {
            const { code, message } = error as Error & { code: string };
            return { code, message };
          }
        },
        Buffer.from(bytes).toString('base64'),
        options,
        name ?? null,
      );
      return data === undefined ? others : { ...others, pixels: Buffer.from(data, 'base64') };
    }

    test.each(pictures)('%s, %s: PIL’s pixels, stored and upright', async (_format, _of, _mode, _by, _size, ...row) => {
      const [plain, turned, base64] = row;
      const bytes = Buffer.from(base64!, 'base64');
      expect(digest((await decodeThere(bytes)).pixels!)).toBe(plain);
      expect(digest((await decodeThere(bytes, { orient: true })).pixels!)).toBe(turned);
    });

    test('16-bit grey becomes its high byte, or the next', async () => {
      for (const variation of ['16-bit grey', '16-bit grey of the whole range']) {
        const bytes = pictureBytes('PNG', variation);
        const { data } = await decodeImage(bytes, { grey16: 'high-byte' });
        const { pixels } = await decodeThere(bytes);
        expect(Math.max(...pixels!.map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(2);
      }
    });

    test.each(turnedAvif)('%s, %s: turned as asked, colours by the browser', async (_format, _of, ...row) => {
      const bytes = Buffer.from(row[5], 'base64');
      for (const orient of [false, true]) {
        const { width, height, data } = await decodeImage(bytes, { orient });
        const { size, pixels, notes } = await decodeThere(bytes, { orient });
        expect([size, notes]).toEqual([[width, height], orient ? [] : ['ORIENTATION_NOT_APPLIED']]);
        expect(Math.max(...pixels!.map((value, i) => Math.abs(value - data[i]!)))).toBeLessThan(16);
      }
    });

    test('an orientation that is not applied is noted', async () => {
      const noted = files.filter(([, variation]) => variation.startsWith('EXIF orientation'));
      expect(noted.length).toBeGreaterThan(3);
      for (const [, , , , , , , base64] of noted) {
        const bytes = Buffer.from(base64, 'base64');
        expect((await decodeThere(bytes)).notes).toEqual(['ORIENTATION_NOT_APPLIED']);
        expect((await decodeThere(bytes, { orient: true })).notes).toEqual([]);
      }
      expect((await decodeThere(pictureBytes('JPEG', '4:2:0'))).notes).toEqual([]);
    });

    test.each([
      ['JPEG', '4:2:0'],
      ['JPEG', 'progressive'],
      ['PNG', 'RGB'],
      ['PNG', 'palette'],
      ['WebP', 'lossy'],
      ['GIF', 'still'],
      ['BMP', '24 bits'],
      ['AVIF', '4:2:0'],
    ])('%s, %s, cut off: damaged', async (format, variation) => {
      const whole = pictureBytes(format, variation);
      const length = Math.floor(whole.length * 0.6);
      const { code, message } = await decodeThere(whole.subarray(0, length), {}, 'holiday');
      const got = `${format === 'AVIF' ? 'an' : 'a'} ${format} picture that is cut off after ${length} bytes`;
      expect([code, message]).toEqual([
        'IMAGE_DAMAGED',
        `holiday: expected a whole picture, got ${got}; get the file again`,
      ]);
    });

    test('a JPEG of which only the frame is left is damaged, not of an unknown type', async () => {
      const whole = pictureBytes('JPEG', '4:4:4');
      const bytes = Buffer.concat([whole.subarray(0, 20), Buffer.from([0xff, 0xda, 0, 2, 0xff, 0xd9])]);
      const { code, message } = await decodeThere(bytes, {}, 'a.jpg');
      expect([code, message]).toEqual([
        'IMAGE_DAMAGED',
        'a.jpg: expected a whole picture, got a JPEG picture that is damaged; get the file again',
      ]);
    });

    test.each([
      ['HEIC', '4:2:0 of quality 90, by pillow-heif', 'an iPhone’s HEIC picture'],
      ['TIFF', 'RGB, raw', 'a TIFF picture'],
      ['JPEG 2000', 'grey', 'a JPEG 2000 picture'],
      ['PSD', 'RGB', 'a Photoshop picture (PSD)'],
    ])('%s is called what it is', async (format, variation, what) => {
      const { code, message } = await decodeThere(pictureBytes(format, variation), {}, 'IMG_1');
      const expected = `IMG_1: expected a picture that this browser decodes, got ${what}; convert it to JPEG or PNG`;
      expect([code, message]).toEqual(['FORMAT_UNSUPPORTED', expected]);
    });

    test.each([
      ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'FORMAT_UNSUPPORTED', 'got an SVG drawing'],
      ['<!doctype html><title>404</title>', 'NOT_AN_IMAGE', 'got a web page (HTML)'],
      ['%PDF-1.7', 'NOT_AN_IMAGE', 'got a PDF'],
      ['no picture here', 'NOT_AN_IMAGE', 'expected JPEG, PNG, WebP, GIF, AVIF, BMP or ICO, got text; check the file'],
      ['', 'FILE_EMPTY', 'expected a picture, got an empty file'],
    ])('%j is refused', async (content, code, said) => {
      const refused = await decodeThere(Buffer.from(content), {}, 'a.jpg');
      expect(refused.code).toBe(code);
      expect(refused.message).toMatch(/^a\.jpg: expected /);
      expect(refused.message).toContain(said);
    });

    test('a picture of too many pixels is refused by its header', async () => {
      const png = pictureBytes('PNG', 'RGB');
      const { code, message } = await decodeThere(png, { maxPixels: 9 });
      expect([code, message]).toEqual([
        'IMAGE_TOO_LARGE',
        'image: expected at most 9 pixels, got 23 × 14 = 322 pixels; shrink it, or raise maxPixels (3 bytes of memory per pixel)',
      ]);
      png.writeUInt32BE(60_000, 16);
      png.writeUInt32BE(60_000, 20);
      expect((await decodeThere(png)).code).toBe('IMAGE_TOO_LARGE');
    });
  });
});
