import { expect, test } from 'vitest';
import { readGolden } from '../golden/pixels.ts';
import { pictureFormat } from './picture-format.ts';

const { files } = readGolden<{ files: [string, string, string, string][] }>('decode.json');
const NAMES: Record<string, string> = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP', gif: 'GIF', tiff: 'TIFF' };

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const tga = (...header: number[]): Uint8Array => Uint8Array.of(...header, ...new Array(40).fill(0));

test.each(files)('%s is told by its content', (name, _plain, _oriented, base64) => {
  const format = pictureFormat(Buffer.from(base64, 'base64').subarray(0, 4096));
  expect(format).toMatchObject({ name: NAMES[name.split('.').at(-1)!], isPicture: true });
});

test.each([
  ['AVIF', bytes('\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf')],
  ['AVIF', bytes('\0\0\0\x18ftypmif1\0\0\0\0mif1avif')],
  ['HEIC', bytes('\0\0\0\x18ftypheic\0\0\0\0mif1heic')],
  ['HEIC', bytes('\0\0\0\x18ftypmif1\0\0\0\0mif1heic')],
  ['BMP', bytes(`BM${'\0'.repeat(12)}\x28\0\0\0${'\0'.repeat(36)}`)],
  ['ICO', bytes(`\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0\x40\0\0\0\x16\0\0\0`)],
  ['CUR', bytes(`\0\0\x02\0\x01\0\x10\x10\0\0\x01\0\x20\0\x40\0\0\0\x16\0\0\0`)],
  ['PNM', bytes('P6\n2 2\n255\n')],
  ['PNM', bytes('P1# by hand\n')],
  ['TGA', tga(0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 20, 0, 24, 0)],
  ['TGA', tga(9, 1, 9, 0, 0, 16, 0, 24, 0, 0, 0, 0, 30, 0, 20, 0, 8, 0x20)],
  ['PCX', bytes(`\x0a\x05\x01\x08${'\0'.repeat(124)}`)],
  ['JPEG 2000', bytes('\0\0\0\x0cjP  \r\n\x87\n')],
  ['JPEG 2000', bytes('\xff\x4f\xff\x51')],
  ['PSD', bytes('8BPS\0\x01')],
  ['SVG', bytes('\ufeff<?xml version="1.0"?>\n<!-- by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>'.slice(1))],
  ['SVG', bytes('<svg>')],
  ['TGA', tga(0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 0, 20, 0, 1, 0)],
  ['DCX', bytes('\xb1\x68\xde\x3a\x0c\x10\0\0')],
  ['IM', bytes('Image type: Greyscale image\r\nName: m0_L.im\r\n')],
  ['MSP', bytes('DanM\x10\0\x10\0')],
  ['BLP', bytes('BLP1\x01\0\0\0')],
  ['XBM', bytes('#define smile_width 61\n#define smile_height 43\nstatic char')],
  ['XPM', bytes('/* XPM */\nstatic char *smile[] = {')],
  ['FITS', bytes('SIMPLE  =                    T')],
  ['PAM', bytes('P7\nWIDTH 9\nHEIGHT 9\n')],
  ['Sun raster', bytes('\x59\xa6\x6a\x95\0\0\0\x3d')],
  ['raw', bytes('II*\0\x10\0\0\0CR\x02\0')],
  ['raw', bytes('\0\0\0\x18ftypcrx \0\0\0\x01crx isom')],
])('%s is a picture', (name, head) => {
  expect(pictureFormat(head)).toMatchObject({ name, isPicture: true });
});

test.each([
  ['PDF', bytes('%PDF-1.7\n')],
  ['video', bytes('\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41')],
  ['video', bytes('\0\0\0\x14ftypqt  \0\0\0\0qt  ')],
  ['video', bytes('RIFF\0\0\0\0AVI LIST')],
  ['Git LFS pointer', bytes('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')],
  ['HTML', bytes('\n<!DOCTYPE html><html></html>')],
  ['XML', bytes('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
  ['gzip', bytes('\x1f\x8b\x08')],
  ['zip', bytes('PK\x03\x04')],
])('%s is no picture', (name, head) => {
  expect(pictureFormat(head)).toMatchObject({ name, isPicture: false });
});

test.each([
  ['nothing', new Uint8Array(0)],
  ['text', bytes('no picture\n')],
  ['text like a BMP', bytes('BM is how this line begins, and on it goes')],
  ['a table of numbers', new Uint8Array(5000)],
  ['MNIST', bytes(`\0\0\x08\x03\0\0\x27\x10\0\0\0\x1c\0\0\0\x1c${'\0'.repeat(40)}`)],
  ['a NumPy file', bytes(`\x93NUMPY\x01\0${'\0'.repeat(120)}`)],
  ['C', bytes('#define LINE_WIDTH 9\nint main(void) { return 0; }\n')],
  ['Python', bytes('P = 6\n')],
])('%s is not known', (_name, head) => {
  expect(pictureFormat(head)).toBeUndefined();
});
