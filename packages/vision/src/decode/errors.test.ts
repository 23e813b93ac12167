import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFormatRows } from '../../golden/format-rows.ts';
import { digest, readGolden } from '../../golden/pixels.ts';
import { DecodeError } from '../decode-error.ts';
import { decodeImage } from '../decode-file.ts';
import { TIFF_TAG, tiffDirectory, viewOf } from './tiff-directory.ts';

const rows = readFormatRows();
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'residual-decode-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function fileOf(format: string, variation: string): Uint8Array {
  return rows.find((row) => row.format === format && row.variation === variation)!.file;
}

async function failureOf(path: string): Promise<DecodeError> {
  const error = await decodeImage(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!DecodeError.isInstance(error)) throw new Error(`${path}: expected a DecodeError, got ${error}`);
  expect(error.source).toBe(path);
  expect(error.message.startsWith(`${path}: expected `)).toBe(true);
  expect(error.message.split(path).length, 'the path is named once').toBe(2);
  expect(error.message).not.toMatch(/\n|unknown error|vips/i);
  return error;
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const padded = (text: string): Uint8Array => Buffer.concat([latin1(text), Buffer.alloc(5000)]);

/** The head of a Photoshop file of that many pixels a side, and no pixels. */
function psdOf(side: number, compression = 0): Uint8Array {
  const bytes = Buffer.alloc(40);
  bytes.write('8BPS');
  for (const [at, value] of [
    [4, 1],
    [12, 3],
    [22, 8],
    [24, 3],
  ] as const)
    bytes.writeUInt16BE(value, at);
  bytes.writeUInt16BE(compression, 38);
  bytes.writeUInt32BE(side, 14);
  bytes.writeUInt32BE(side, 18);
  return bytes;
}

/** A GIF with a small frame on a screen of that many pixels a side. */
function gifOf(side: number): Uint8Array {
  const bytes = Buffer.from(fileOf('GIF', 'still'));
  bytes.writeUInt16LE(side, 6);
  bytes.writeUInt16LE(side, 8);
  return bytes;
}

/** A TIFF of JPEG tiles that says that it has alpha. */
function tiledWithAlpha(): Uint8Array {
  const bytes = fileOf('TIFF', 'YCbCr, JPEG inside, tiled').slice();
  const { entries, isLittleEndian } = tiffDirectory(bytes)!;
  viewOf(bytes).setUint16(entries.get(TIFF_TAG.samplesPerPixel)!.valuesAt, 4, isLittleEndian);
  return bytes;
}

/** By name: what the file holds, the error's code, and what its line says. */
const BROKEN: readonly (readonly [name: string, content: Uint8Array | string, code: string, says: string])[] = [
  ['empty.jpg', '', 'FILE_EMPTY', 'got an empty file'],
  ['text.jpg', 'no picture\n', 'NOT_AN_IMAGE', 'got text; check the file'],
  ['zeros.jpg', new Uint8Array(9000), 'NOT_AN_IMAGE', 'got zero bytes alone'],
  ['short.jpg', Uint8Array.of(0xff, 0xd8), 'NOT_AN_IMAGE', 'got 2 bytes, too few for a picture'],
  ['lfs.jpg', 'version https://git-lfs.github.com/spec/v1\nsize 9\n', 'NOT_AN_IMAGE', 'got a Git LFS pointer; fetch'],
  ['page.jpg', '<!DOCTYPE html><html></html>', 'NOT_AN_IMAGE', 'got a web page (HTML); the download went wrong'],
  ['denied.jpg', '<?xml version="1.0"?><Error/>', 'NOT_AN_IMAGE', 'got an XML file; the download went wrong'],
  ['drawing.svg', '<svg width="9" height="9"/>', 'FORMAT_UNSUPPORTED', 'got an SVG drawing; draw it to a PNG'],
  ['paper.jpg', padded('%PDF-1.7\n'), 'NOT_AN_IMAGE', 'got a PDF; export its page as a PNG'],
  ['photo.cr2', padded('II*\0\x10\0\0\0CR\x02\0'), 'FORMAT_UNSUPPORTED', 'got a camera’s raw picture; develop it'],
  ['clip.jpg', padded('\0\0\0\x18ftypisom\0\0\0\0isommp42'), 'NOT_AN_IMAGE', 'got a video; take a frame out of it'],
  ['packed.jpg', padded('\x1f\x8b\x08'), 'NOT_AN_IMAGE', 'got a gzip archive; unpack it'],
  ['photo.jxl', padded('\0\0\0\x0cJXL \r\n\x87\n'), 'FORMAT_UNSUPPORTED', 'got a JPEG XL picture; convert it to PNG'],
  ['scan.dcx', padded('\xb1\x68\xde\x3a\x0c\x10\0\0'), 'FORMAT_UNSUPPORTED', 'got a DCX picture; convert it to PNG'],
  [
    'wide.pbm',
    `P1 ${'9'.repeat(400)} 1\n`,
    'IMAGE_DAMAGED',
    'width and height in pixels, got "99999999999999999999…"; get',
  ],
  [
    'one.tga',
    Uint8Array.of(0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 1, 0, 1, 0, 9),
    'FORMAT_UNSUPPORTED',
    'got a TGA picture of 1 bit a pixel; save it as a PNG',
  ],
  ['end.png', fileOf('PNG', 'RGB').subarray(0, -1), 'IMAGE_DAMAGED', 'got a PNG picture that is cut off after'],
  ['huge.psd', psdOf(30_000), 'IMAGE_TOO_LARGE', 'got 30000 × 30000 = 900000000 pixels'],
  ['hollow.psd', psdOf(13_000), 'IMAGE_DAMAGED', 'got a Photoshop picture (PSD) that is damaged'],
  [
    'hollow-runs.psd',
    Buffer.concat([psdOf(13_000, 1), Buffer.alloc(78_000)]),
    'IMAGE_DAMAGED',
    'got a Photoshop picture (PSD) that is damaged',
  ],
  ['screen.gif', gifOf(65_535), 'IMAGE_TOO_LARGE', 'got 65535 × 65535 = 4294836225 pixels'],
  [
    'iphone.heic',
    padded('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
    'IMAGE_DAMAGED',
    'got an iPhone’s HEIC picture that is',
  ],
  [
    'tiles.tif',
    tiledWithAlpha(),
    'FORMAT_UNSUPPORTED',
    'got a TIFF of tiles with alpha compressed by JPEG; save it with',
  ],
  ['lzma.tif', fileOf('TIFF', 'RGB, lzma'), 'FORMAT_UNSUPPORTED', 'got a TIFF compressed by LZMA; save it with LZW'],
  ...['JPEG', 'PNG', 'WebP', 'GIF', 'TIFF', 'AVIF', 'BMP'].map((format) => {
    const { file } = rows.find((row) => row.format === format)!;
    const cut = file.subarray(0, Math.floor(file.length * 0.6));
    return [`cut.${format}`, cut, 'IMAGE_DAMAGED', `is cut off after ${cut.length} bytes; get the file again`] as const;
  }),
];

test.each(BROKEN)('%s', async (name, content, code, says) => {
  const error = await failureOf(write(name, content));
  expect(error.code).toBe(code);
  expect(error.message).toContain(says);
});

const { refused } = readGolden<{ refused: [name: string, file: string][] }>('formats.json');

test.each(refused)('a %s, which PIL refuses, is refused as what it is', async (name, base64) => {
  const error = await failureOf(write('refused', Buffer.from(base64, 'base64')));
  expect(error.code).toBe('FORMAT_UNSUPPORTED');
  expect(error.message).toMatch(new RegExp(`got .*${name.replace(/^.* of /, '')}`));
});

describe('a file that cannot be read says why', () => {
  test.each([
    ['is not there', () => join(folder, 'absent.png'), 'got no such file; check the path'],
    ['is a folder', () => folder, 'got a folder; name a file'],
    ['lies in a file', () => join(write('file', 'x'), 'below.png'), 'got a path through something that is no folder'],
    ['has too long a name', () => join(folder, 'x'.repeat(300)), 'got a path that is too long'],
    ['has a zero byte in its name', () => join(folder, 'x\0y'), 'got a path with a zero byte'],
    ['has a name that came through as no UTF-8', () => join(folder, 'caf\ufffd.png'), 'got a name that is not UTF-8'],
  ])('that %s', async (_what, path, says) => {
    const error = await failureOf(path());
    expect(error.code).toBe('FILE_UNREADABLE');
    expect(error.message).toContain(says);
  });

  test('that is a link in a circle', async () => {
    const [one, other] = [join(folder, 'one'), join(folder, 'other')];
    symlinkSync(one, other);
    symlinkSync(other, one);
    expect((await failureOf(one)).message).toContain('got a symbolic link that leads round in a circle');
  });

  test('that is a pipe', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    expect((await failureOf(path)).message).toContain('got no regular file');
  });

  test('that may not be read', async () => {
    const inside = join(folder, 'locked');
    mkdirSync(inside);
    const path = join(inside, 'locked.png');
    writeFileSync(path, fileOf('PNG', 'RGB'));
    chmodSync(path, 0);
    // The superuser reads everything.
    const isRoot = process.geteuid?.() === 0;
    chmodSync(folder, 0o755);
    if (isRoot) process.seteuid?.(65534);
    try {
      expect((await failureOf(path)).message).toContain('got a file that may not be read (permission denied)');
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

test('a broken JPEG of 1.9 GB is refused before it is read', async () => {
  const path = write('filled-up.jpg', fileOf('JPEG', '4:4:4').subarray(0, -100));
  truncateSync(path, 1.9e9);
  const before = process.memoryUsage().rss;
  const error = await failureOf(path);
  expect([error.code, error.message]).toEqual([
    'IMAGE_DAMAGED',
    expect.stringContaining('JPEG picture of 23 × 14; get'),
  ]);
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  rmSync(path);
});

test('a JPEG whose end is filled up with zeros is cut off', async () => {
  const error = await failureOf(
    write('zeros-behind.jpg', Buffer.concat([fileOf('JPEG', '4:4:4').subarray(0, -100), Buffer.alloc(5000)])),
  );
  expect([error.code, error.message]).toEqual([
    'IMAGE_DAMAGED',
    expect.stringContaining('JPEG picture that is cut off'),
  ]);
});

test('sixty broken and good files at a time: each is told by its own error, each good one has its pixels', async () => {
  const damagedByBits = rows
    .filter(({ format, variation }) => /^(4:4:4|RGB|lossless|still|RGB, lzw)$/.test(variation) && format !== 'AVIF')
    .map(({ format, file }) => {
      const bytes = file.slice();
      for (let at = Math.floor(bytes.length / 2); at < bytes.length; at += 7) bytes[at]! ^= 0x55;
      return [`bits.${format}`, bytes] as const;
    });
  const good = rows.filter(({ tolerance, variation }) => tolerance === 0 && !/lzma|16-bit grey/.test(variation));
  const files: { path: string; row?: (typeof rows)[number]; says?: string }[] = [];
  for (let i = 0; files.length < 60; i++) {
    const broken = BROKEN[i % BROKEN.length]!;
    files.push({ path: write(`${i}-${broken[0]}`, broken[1]), says: broken[3] });
    const row = good[(i * 7) % good.length]!;
    files.push({ path: write(`${i}-good`, row.file), row });
    const [name, bytes] = damagedByBits[i % damagedByBits.length]!;
    files.push({ path: write(`${i}-${name}`, bytes) });
  }
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      files.map(async ({ path, row, says }) => {
        if (row) expect(digest((await decodeImage(path)).data), path).toBe(row.plain);
        else if (says) expect((await failureOf(path)).message).toContain(says);
        else
          await decodeImage(path).catch((error: DecodeError) =>
            expect(error.message.startsWith(`${path}: `)).toBe(true),
          );
      }),
    );
  }
});
