import { requirement } from '@residual/testing';
import { openSourcePage, type SourcePage } from '@residual/testing/source-page';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digest, readGolden } from '../golden/pixels.ts';
import type { decodeBlob as decode } from './decode-blob.ts';
import type { DecodeOptions } from './pixel-limit.ts';

const { files } = readGolden<{ files: [string, string, string, string][] }>('decode.json');
/** What a canvas or a browser's decoder cannot give as PIL does: transparency, CMYK and TIFF. */
const exceptions = ['alpha', 'transparent', 'cmyk', 'tiff'];
const pictures = files.filter(([name]) => !exceptions.some((part) => name.includes(part)));

const SCRIPT = 'import { decodeBlob } from "/src/index.ts"; window.decodeBlob = decodeBlob';

describe.skipIf(!requirement('chromium'))('in Chromium', () => {
  let opened: SourcePage;

  beforeAll(async () => {
    opened = await openSourcePage(`${import.meta.dirname}/..`, SCRIPT);
  });
  afterAll(() => opened?.close());

  async function decodeThere(base64: string, options: DecodeOptions): Promise<Buffer> {
    const decoded = await opened.page.evaluate(
      async (encoded, chosen) => {
        const { decodeBlob } = window as unknown as { decodeBlob: typeof decode };
        const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
        const { data } = await decodeBlob(new Blob([bytes]), chosen);
        return btoa(Array.from(data, (value) => String.fromCharCode(value)).join(''));
      },
      base64,
      options,
    );
    return Buffer.from(decoded, 'base64');
  }

  test.each(pictures)('%s decodes to PIL’s pixels', async (_name, plain, oriented, base64) => {
    expect(digest(await decodeThere(base64, {}))).toBe(plain);
    expect(digest(await decodeThere(base64, { orient: true }))).toBe(oriented);
  });

  test('what is no picture, empty or too large is refused', async () => {
    const picture = pictures[0]![3];
    await expect(decodeThere('', {})).rejects.toThrow('image: expected a picture, got an empty file');
    await expect(decodeThere(btoa('text'), {})).rejects.toThrow('expected a picture that this browser decodes');
    await expect(decodeThere(picture, { maxPixels: 9 })).rejects.toThrow('expected at most 9 pixels, got 23 × 14');
  });
});
