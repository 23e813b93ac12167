import { type ByteSource, checkRange, readExactly } from './byte-source.ts';
import { checkCrc32 } from './check-crc32.ts';
import { makeCrc32 } from './crc32.ts';
import { inflate, inflateStart } from './inflate.ts';
import { WeightsFormatError } from './weights-format-error.ts';
import type { FileRange } from './weights-index.ts';

const endBytes = 22;
const maxCommentBytes = 65535;

interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflated' | 'other';
  readonly hasDescriptor: boolean;
  readonly packedBytes: number;
  readonly crc32: number;
  readonly sizeBytes: number;
  readonly headerOffset: number;
}

/**
 * The entries of a zip file, as byte ranges where they are not compressed, as `torch.save` writes them.
 * General readers are no help: torch adds a zip64 record that nothing points to, which some (zip.js 2.24) take for
 * entries where the root folder's name has 21 letters.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
export class ZipFile {
  readonly #source: ByteSource;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  /** The folder that everything is in, from the first entry. */
  readonly root: string;

  private constructor(source: ByteSource, entries: ReadonlyMap<string, ZipEntry>) {
    this.#source = source;
    this.#entries = entries;
    this.root = [...entries.keys()][0]?.split('/')[0] ?? '';
  }

  /** @throws WeightsFormatError where the zip's directory is not one, or its entries overlap. */
  static async open(source: ByteSource): Promise<ZipFile> {
    const end = await findEnd(source);
    const count = end.view.getUint16(10, true);
    const sizeBytes = end.view.getUint32(12, true);
    const offset = end.view.getUint32(16, true);
    if (count === 0xffff || sizeBytes === 0xffffffff || offset === 0xffffffff) {
      throw new WeightsFormatError(
        'unsupported',
        source.name,
        'expected a zip of less than 4 GB; save the weights alone',
      );
    }
    if (offset + sizeBytes > end.offset) throw corrupt(source, 'expected the directory before the end record', offset);
    const directory = await readExactly(source, offset, sizeBytes, 'zip directory');
    const entries = readDirectory(source, directory, count);
    checkOverlap(source, entries, offset);
    return new ZipFile(source, entries);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Names of all entries, in the directory's order. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /** @throws WeightsFormatError where the entry is absent, compressed, or its own header says something else. */
  async locate(name: string): Promise<FileRange> {
    const entry = this.#entryOf(name);
    const { method, headerOffset, sizeBytes, crc32 } = entry;
    if (method === 'stored') return { offset: await this.#dataOffset(entry), sizeBytes, crc32 };
    const text = `${name}: expected it stored as it is, as torch.save does, got it compressed or encrypted; save it again`;
    throw new WeightsFormatError('unsupported', this.#source.name, text, { offset: headerOffset });
  }

  /**
   * The entry's bytes, unpacked where they are deflated, and checked.
   *
   * @throws WeightsFormatError where the entry is absent, encrypted, damaged, or not of the size that it states.
   */
  async read(name: string): Promise<Uint8Array> {
    const source = this.#source;
    const entry = this.#entryOf(name);
    const { method, headerOffset, packedBytes, sizeBytes } = entry;
    if (method === 'other') {
      const text = `${name}: expected it stored or deflated, got it compressed in another way or encrypted; save it again`;
      throw new WeightsFormatError('unsupported', source.name, text, { offset: headerOffset });
    }
    const offset = await this.#dataOffset(entry);
    const bytes =
      method === 'stored'
        ? await readExactly(source, offset, packedBytes, name)
        : await inflate(source, name, { offset, packedBytes, sizeBytes, format: 'deflate-raw' });
    checkCrc32(source, name, { got: makeCrc32()(bytes), expected: entry.crc32 }, offset);
    return bytes;
  }

  /** The first bytes of what `read` gives, at most `length`; not checked. */
  async readStart(name: string, length: number): Promise<Uint8Array> {
    const source = this.#source;
    const entry = this.#entryOf(name);
    const wanted = Math.min(length, entry.sizeBytes);
    if (entry.method === 'stored') return readExactly(source, await this.#dataOffset(entry), wanted, name);
    if (entry.method === 'other') return this.read(name);
    const { packedBytes, sizeBytes } = entry;
    const range = { offset: await this.#dataOffset(entry), packedBytes, sizeBytes, format: 'deflate-raw' } as const;
    return (await inflateStart(source, name, range, wanted)).bytes;
  }

  /** Bytes that the entry unpacks to, as the directory states it. */
  sizeOf(name: string): number {
    return this.#entryOf(name).sizeBytes;
  }

  #entryOf(name: string): ZipEntry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw corrupt(this.#source, `expected an entry ${name}, got a zip without it`);
    return entry;
  }

  async #dataOffset({ name, headerOffset, hasDescriptor, packedBytes }: ZipEntry): Promise<number> {
    const source = this.#source;
    const header = viewOf(await readExactly(source, headerOffset, 30, name));
    const nameBytes = header.getUint16(26, true);
    if (header.getUint32(0, true) !== 0x04034b50) throw corrupt(source, `${name}: expected its header`, headerOffset);
    const localName = new TextDecoder().decode(await readExactly(source, headerOffset + 30, nameBytes, name));
    const stated = header.getUint32(18, true);
    // All ones stand for a zip64 field, which NumPy always writes.
    const isSame = hasDescriptor || stated === packedBytes || stated === 0xffffffff;
    if (localName !== name || !isSame) {
      throw corrupt(source, `${name}: expected its header to say what the directory says`, headerOffset);
    }
    const offset = headerOffset + 30 + nameBytes + header.getUint16(28, true);
    checkRange(source, offset, packedBytes, name);
    return offset;
  }
}

async function findEnd(source: ByteSource): Promise<{ view: DataView; offset: number }> {
  const length = Math.min(source.sizeBytes, endBytes + maxCommentBytes);
  const start = source.sizeBytes - length;
  const tail = viewOf(await readExactly(source, start, length, 'end of the zip'));
  for (let at = length - endBytes; at >= 0; at--) {
    const isEnd = tail.getUint32(at, true) === 0x06054b50 && at + endBytes + tail.getUint16(at + 20, true) === length;
    if (isEnd) return { view: new DataView(tail.buffer, tail.byteOffset + at, endBytes), offset: start + at };
  }
  throw new WeightsFormatError(
    'truncated',
    source.name,
    'expected a zip with its directory at the end, got none; the file is cut off, fetch it again',
  );
}

function readDirectory(source: ByteSource, directory: Uint8Array, count: number): Map<string, ZipEntry> {
  const view = viewOf(directory);
  const decoder = new TextDecoder();
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const nameEnd = at + 46 <= directory.length ? at + 46 + view.getUint16(at + 28, true) : Number.POSITIVE_INFINITY;
    if (nameEnd > directory.length || view.getUint32(at, true) !== 0x02014b50) {
      throw corrupt(source, `expected ${count} entries in the zip's directory, got ${i}`);
    }
    const name = decoder.decode(directory.subarray(at + 46, nameEnd));
    if (entries.has(name))
      throw corrupt(source, `expected each entry once in the zip, got ${JSON.stringify(name)} twice`);
    const flags = view.getUint16(at + 8, true);
    const packedBytes = view.getUint32(at + 20, true);
    const sizeBytes = view.getUint32(at + 24, true);
    entries.set(name, {
      name,
      method: methodOf(view.getUint16(at + 10, true), (flags & 1) !== 0, packedBytes === sizeBytes),
      packedBytes,
      hasDescriptor: (flags & 8) !== 0,
      crc32: view.getUint32(at + 16, true),
      sizeBytes,
      headerOffset: view.getUint32(at + 42, true),
    });
    at = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

function checkOverlap(source: ByteSource, entries: ReadonlyMap<string, ZipEntry>, directoryOffset: number): void {
  const inOrder = [...entries.values()].sort((a, b) => a.headerOffset - b.headerOffset);
  for (const [i, { name, headerOffset, packedBytes }] of inOrder.entries()) {
    const next = inOrder[i + 1]?.headerOffset ?? directoryOffset;
    if (headerOffset + 30 + packedBytes > next) {
      throw corrupt(source, `${name}: its ${packedBytes} bytes reach into what follows`, headerOffset);
    }
  }
}

function methodOf(code: number, isEncrypted: boolean, isSameSize: boolean): ZipEntry['method'] {
  if (isEncrypted) return 'other';
  if (code === 0 && isSameSize) return 'stored';
  return code === 8 ? 'deflated' : 'other';
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function corrupt(source: ByteSource, text: string, offset?: number): WeightsFormatError {
  const options = offset === undefined ? {} : { offset };
  return new WeightsFormatError(
    'corrupt',
    source.name,
    `${text}; the file is cut off or corrupt, fetch it again`,
    options,
  );
}
