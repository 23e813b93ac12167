import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { sourceFromBytes } from './byte-source.ts';
import { makeCrc32 } from './crc32.ts';
import { inflate } from './inflate.ts';
import { writeStoredZip } from './pytorch/write-stored-zip.ts';
import { readZipFileIndex } from './read-zip-file-index.ts';
import { ZipFile } from './zip-file.ts';

const text = (value: string) => new TextEncoder().encode(value);

test.each([
  ['one weights file', ['two.pth', '__MACOSX/two.pth'], 'got a zip with two.pth in it; unzip it and pass that file'],
  [
    'several',
    ['a/model.safetensors', 'a/x.ckpt', 'readme.md'],
    'got a zip with 2 weights files in it (a/model.safetensors, a/x.ckpt)',
  ],
  ['a SavedModel', ['m/saved_model.pb', 'm/variables/x'], 'a zip of a TensorFlow SavedModel'],
  ['TorchScript before 1.4', ['m/model.json', 'm/tensors/0'], 'a TorchScript module of torch before 1.4'],
  ['Core ML', ['m.mlpackage/Manifest.json'], 'a zip of a Core ML model'],
  ['others', ['a.txt', 'b.txt', 'c.txt', 'd.txt'], 'a zip of a.txt, b.txt, c.txt and 1 more'],
])('a zip of %s says so', async (_, names, says) => {
  const source = sourceFromBytes(writeStoredZip(names.map((name) => [name, text('x')] as const)), 'z.zip');
  await expect(readZipFileIndex(source)).rejects.toThrow(says);
});

/** One deflated entry, with the size that it states. */
function deflatedZip(packed: Uint8Array, sizeBytes: number, crc32: number): Uint8Array {
  const zip = writeStoredZip([['w', packed]]);
  const view = new DataView(zip.buffer);
  for (let at = 0; at < zip.length - 46; at++) {
    const isLocal = view.getUint32(at, true) === 0x04034b50;
    const start = isLocal ? at + 8 : view.getUint32(at, true) === 0x02014b50 ? at + 10 : -1;
    if (start < 0) continue;
    view.setUint16(start, 8, true);
    view.setUint32(start + 6, crc32, true);
    view.setUint32(start + 14, sizeBytes, true);
  }
  return zip;
}

test('a deflated entry is unpacked and checked', async () => {
  const bytes = text(Array.from({ length: 100_000 }, (_, i) => Math.sin(i)).join(' '));
  const packed = new Uint8Array(deflateRawSync(bytes));
  const open = (size: number, crc: number) => ZipFile.open(sourceFromBytes(deflatedZip(packed, size, crc)));
  const crc = makeCrc32()(bytes);
  expect(Buffer.compare(await (await open(bytes.length, crc)).read('w'), bytes)).toBe(0);
  expect(await (await open(bytes.length, crc)).readStart('w', 20)).toEqual(bytes.subarray(0, 20));
  await expect((await open(bytes.length, crc ^ 1)).read('w')).rejects.toThrow(
    `w: expected the checksum ${((crc ^ 1) >>> 0).toString(16).padStart(8, '0')}, got ${crc.toString(16).padStart(8, '0')}`,
  );
  await expect((await open(bytes.length - 1, crc)).read('w')).rejects.toThrow(
    `expected ${bytes.length - 1} bytes when unpacked, got more`,
  );
  await expect((await open(bytes.length + 1, crc)).read('w')).rejects.toThrow(
    `expected ${bytes.length + 1} bytes when unpacked, got ${bytes.length}`,
  );
});

test('what no packing can hold is refused before memory is taken', async () => {
  const range = { offset: 0, packedBytes: 100, sizeBytes: 4_000_000_000, format: 'deflate-raw' } as const;
  const refused = inflate(sourceFromBytes(new Uint8Array(100)), 'w', range);
  await expect(refused).rejects.toThrow('w: expected at most 1100 bytes for each packed one, got 4000000000 for 100');
});
