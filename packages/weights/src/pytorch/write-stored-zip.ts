import { concatBytes } from '../concat-bytes.ts';
import { makeCrc32 } from '../crc32.ts';
import { WeightsFormatError } from '../weights-format-error.ts';

const alignBytes = 64;

/**
 * A zip of uncompressed entries, each at a multiple of 64 bytes as torch writes them.
 *
 * @throws WeightsFormatError from 4 GB on.
 */
export function writeStoredZip(
  entries: readonly (readonly [name: string, bytes: Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const crc32 = makeCrc32();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, bytes] of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const padding = paddingOf(offset + 30 + nameBytes.length);
    const shared = [0x0800, 0, 0, 0x21, crc32(bytes), bytes.length, bytes.length] as const; // UTF-8, stored, 1980-01-01
    parts.push(localHeader(shared, nameBytes.length, padding.length), nameBytes, padding, bytes);
    directory.push(directoryHeader(shared, nameBytes.length, offset), nameBytes);
    offset += 30 + nameBytes.length + padding.length + bytes.length;
  }
  const directoryBytes = directory.reduce((sum, part) => sum + part.length, 0);
  if (offset + directoryBytes >= 0xffffffff || entries.length >= 0xffff) {
    throw new WeightsFormatError('too-large', 'zip', 'expected less than 4 GB in 65,535 tensors; write safetensors');
  }
  return concatBytes([...parts, ...directory, endRecord(entries.length, directoryBytes, offset)]);
}

type Shared = readonly [
  flags: number,
  method: number,
  time: number,
  date: number,
  crc: number,
  stored: number,
  size: number,
];

function localHeader(shared: Shared, nameBytes: number, extraBytes: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(30));
  view.setUint32(0, 0x04034b50, true);
  writeShared(view, 6, shared);
  view.setUint16(26, nameBytes, true);
  view.setUint16(28, extraBytes, true);
  return new Uint8Array(view.buffer);
}

function directoryHeader(shared: Shared, nameBytes: number, headerOffset: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(46));
  view.setUint32(0, 0x02014b50, true);
  writeShared(view, 8, shared);
  view.setUint16(28, nameBytes, true);
  view.setUint32(42, headerOffset, true);
  return new Uint8Array(view.buffer);
}

function writeShared(view: DataView, at: number, [flags, method, time, date, crc, stored, size]: Shared): void {
  for (const [i, value] of [flags, method, time, date].entries()) view.setUint16(at + 2 * i, value, true);
  for (const [i, value] of [crc, stored, size].entries()) view.setUint32(at + 8 + 4 * i, value, true);
}

function endRecord(count: number, directoryBytes: number, directoryOffset: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, directoryBytes, true);
  view.setUint32(16, directoryOffset, true);
  return new Uint8Array(view.buffer);
}

/** An extra field (`FB`, as torch's) that brings the data to a multiple of 64 bytes. */
function paddingOf(end: number): Uint8Array {
  const length = ((alignBytes - ((end + 4) % alignBytes)) % alignBytes) + 4;
  const padding = new Uint8Array(length).fill(0x5a);
  padding.set([0x46, 0x42, length - 4, 0]);
  return padding;
}
