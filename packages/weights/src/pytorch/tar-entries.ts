import { type ByteSource, checkRange, readExactly } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import type { FileRange } from '../weights-index.ts';

const blockBytes = 512;
const maxEntries = 64; // torch wrote four, each with an extended header before it

/** Where the plain files of a tar lie; only their headers are read. */
export async function readTarEntries(source: ByteSource): Promise<Map<string, FileRange>> {
  const entries = new Map<string, FileRange>();
  let at = 0;
  for (let count = 0; count < maxEntries && at + blockBytes <= source.sizeBytes; count++) {
    const header = await readExactly(source, at, blockBytes, 'tar header');
    const name = text(header, 0, 100);
    if (name === '') break;
    const size = text(header, 124, 12).trim();
    if (!/^[0-7]{1,11}$/.test(size)) {
      throw corruptFile(source, `tar header at byte ${at}: expected an octal size`, { offset: at });
    }
    const sizeBytes = Number.parseInt(size, 8);
    checkRange(source, at + blockBytes, sizeBytes, `tar entry ${JSON.stringify(name)}`);
    const isFile = header[156] === 0 || header[156] === 0x30;
    if (isFile) entries.set(name, { offset: at + blockBytes, sizeBytes });
    at += blockBytes + Math.ceil(sizeBytes / blockBytes) * blockBytes;
  }
  return entries;
}

function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder('latin1').decode(end < 0 ? field : field.subarray(0, end));
}
