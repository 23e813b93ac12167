import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { digest, noiseImage, readGolden } from '../golden/pixels.ts';
import { decodeImage } from './decode-file.ts';
import { clearOrientation, readOrientation } from './exif-orientation.ts';

const { files } = readGolden<{ files: [string, string, string, string][] }>('decode.json');
const turned = files.filter(([name]) => name.startsWith('orientation-'));
const { width, height, data } = noiseImage(9, 5, 3);
const stored = sharp(Buffer.from(data), { raw: { width, height, channels: 3 } });

/** A PNG with EXIF, which sharp writes into JPEG and WebP alone. */
function pngOf(orientation: number): Buffer {
  const tiff = Buffer.from(
    `4d4d002a00000008000101120003000000010${orientation.toString(16).padStart(3, '0')}000000000000`,
    'hex',
  );
  const chunk = Buffer.concat([Buffer.from('eXIf'), tiff]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(tiff.length);
  sum.writeUInt32BE(crc32(chunk));
  const plain = Buffer.from(files.find(([name]) => name === 'rgb.png')![3], 'base64');
  return Buffer.concat([plain.subarray(0, 33), length, chunk, sum, plain.subarray(33)]);
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'orientation %i is read from JPEG, PNG and WebP, and set to 1',
  async (orientation) => {
    const exif = stored.clone().withMetadata({ orientation });
    const kinds = [await exif.clone().jpeg().toBuffer(), await exif.clone().webp().toBuffer(), pngOf(orientation)];
    for (const bytes of kinds) {
      const before = await sharp(bytes).raw().toBuffer();
      expect(readOrientation(bytes)).toBe(orientation);
      clearOrientation(bytes);
      expect(readOrientation(bytes)).toBe(1);
      expect((await sharp(bytes).autoOrient().raw().toBuffer()).equals(before)).toBe(true);
    }
  },
);

test('a turned JPEG decodes as it is stored, even where orientation is asked for', async () => {
  expect(turned.length).toBe(7);
  for (const [name, plain, , base64] of turned) {
    const bytes = Buffer.from(base64, 'base64');
    expect(`orientation-${readOrientation(bytes)}.jpeg`).toBe(name);
    clearOrientation(bytes);
    expect(digest((await decodeImage(bytes, { orient: true })).data)).toBe(plain);
  }
});

test('a PNG’s checksum follows', () => {
  const png = pngOf(6);
  clearOrientation(png);
  const length = png.readUInt32BE(33);
  expect(png.readUInt32BE(33 + 8 + length)).toBe(crc32(png.subarray(37, 41 + length)));
});

test('other files and damaged ones stay whole', () => {
  for (const [name, , , base64] of files.filter(([name]) => !name.startsWith('orientation-'))) {
    const bytes = Buffer.from(base64, 'base64');
    expect(readOrientation(bytes), name).toBe(1);
    clearOrientation(bytes);
    expect(bytes.toString('base64'), name).toBe(base64);
  }
  const jpeg = Buffer.from(turned[0]![3], 'base64');
  const damage = fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
  const whole = fc.constantFrom<Uint8Array>(jpeg, pngOf(6));
  fc.assert(
    fc.property(whole, damage, fc.double({ min: 0, max: 1, noNaN: true }), (file, changes, part) => {
      const bytes = Uint8Array.from(file.subarray(0, Math.floor(file.length * part)));
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      expect(readOrientation(bytes)).toBeGreaterThan(0);
      expect(() => clearOrientation(bytes)).not.toThrow();
    }),
    { numRuns: 1000 },
  );
});
