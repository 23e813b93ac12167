import { expect, test, vi } from 'vitest';
import { readFormatRows } from '../../golden/format-rows.ts';
import { decodeImage } from '../decode-file.ts';

vi.mock('node:module', () => ({
  createRequire: () => ({
    resolve: (name: string) => {
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
    },
  }),
}));
vi.mock('fzstd', () => {
  throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
});

const rows = readFormatRows();

test.each([
  ['HEIC', 'an iPhone’s HEIC picture; install its decoder: npm install @imagemagick/magick-wasm'],
  ['BMP', 'a BMP picture; install its decoder: npm install @imagemagick/magick-wasm'],
])('%s says what to install', async (format, says) => {
  const decoding = decodeImage(rows.find((row) => row.format === format)!.file);
  await expect(decoding).rejects.toMatchObject({ code: 'DECODER_MISSING' });
  await expect(decoding).rejects.toThrow(`image: expected a picture that sharp decodes, got ${says}`);
});

test('zstd says what to install', async () => {
  const decoding = decodeImage(rows.find(({ variation }) => variation === 'RGB, zstd')!.file);
  await expect(decoding).rejects.toMatchObject({ code: 'DECODER_MISSING' });
  await expect(decoding).rejects.toThrow(
    /^image: decoding a TIFF compressed by zstd needs fzstd: run npm install fzstd$/,
  );
});

test('what needs no library is decoded', async () => {
  expect((await decodeImage(rows.find(({ format }) => format === 'PNM')!.file)).width).toBe(23);
});
