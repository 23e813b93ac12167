import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digest, readGolden } from '../golden/pixels.ts';
import { decodeImage } from './decode-file.ts';
import { clearJpegOrientation } from './exif-orientation.ts';

const { files } = readGolden<{ files: [string, string, string, string][] }>('decode.json');
const turned = files.filter(([name]) => name.startsWith('orientation-'));

test('a turned JPEG decodes as it is stored, even where orientation is asked for', async () => {
  expect(turned.length).toBe(7);
  for (const [, plain, , base64] of turned) {
    const bytes = Buffer.from(base64, 'base64');
    clearJpegOrientation(bytes);
    expect(digest((await decodeImage(bytes, { orient: true })).data)).toBe(plain);
  }
});

test('other files and damaged ones stay whole', () => {
  for (const [name, , , base64] of files.filter(([name]) => !name.startsWith('orientation-'))) {
    const bytes = Buffer.from(base64, 'base64');
    clearJpegOrientation(bytes);
    expect(bytes.toString('base64'), name).toBe(base64);
  }
  const jpeg = Buffer.from(turned[0]![3], 'base64');
  const damage = fc.array(fc.tuple(fc.nat(80), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
  fc.assert(
    fc.property(damage, fc.nat(jpeg.length), (changes, length) => {
      const bytes = Uint8Array.from(jpeg.subarray(0, length));
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      expect(() => clearJpegOrientation(bytes)).not.toThrow();
    }),
    { numRuns: 500 },
  );
});
