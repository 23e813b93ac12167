import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCrc32 } from '../crc32.ts';
import { openFileSource } from '../file-source.ts';
import { writeFileAtomic } from '../write-file-atomic.ts';
import { HubError } from './hub-error.ts';
import type { PartialFile, PartialIdentity, StoredInfo } from './weights-cache.ts';

interface SegmentRecord {
  readonly index: number;
  readonly length: number;
  readonly crc32: number;
}

/** A whole file's record in `info.json`. */
export interface StoredRecord extends StoredInfo {
  /** When the data was last written; a file of another time is hashed again before it is trusted. */
  readonly mtimeMs: number;
}

/**
 * A partial file in a folder of its own: `part` with the bytes in their places, and `journal` with a line for each segment
 * that is whole, written after it. A segment that the disk does not hold as the journal says is not given out.
 */
export class FolderPartial implements PartialFile {
  readonly #folder: string;
  readonly #records = new Map<number, SegmentRecord>();
  readonly #crc32: (bytes: Uint8Array) => number = makeCrc32();
  #identity: PartialIdentity | undefined;
  #scratch: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #part: Promise<FileHandle> | undefined;
  #journal: Promise<FileHandle> | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<FolderPartial> {
    await mkdir(folder, { recursive: true });
    // What a process that was killed left of a record it was about to write.
    const litter = (await readdir(folder)).filter((name) => name.endsWith('.tmp'));
    for (const name of litter) await rm(join(folder, name), { force: true });
    const partial = new FolderPartial(folder);
    const journal = await readJournal(join(folder, 'journal'));
    const hasPart = (await stat(join(folder, 'part')).catch(() => undefined)) !== undefined;
    if (journal === undefined || !hasPart) return partial;
    partial.#identity = journal.identity;
    for (const record of journal.records) partial.#records.set(record.index, record);
    return partial;
  }

  get identity(): PartialIdentity | undefined {
    return this.#identity;
  }

  get segments(): ReadonlyMap<number, number> {
    return new Map([...this.#records].map(([index, { length }]) => [index, length]));
  }

  async begin(identity: PartialIdentity): Promise<void> {
    await this.discard();
    await this.#checkSpace(identity.sizeBytes ?? 0);
    await mkdir(this.#folder, { recursive: true });
    this.#part = open(join(this.#folder, 'part'), 'w+');
    await this.#part;
    await writeFile(join(this.#folder, 'journal'), JSON.stringify(identity));
    this.#identity = identity;
  }

  async write(index: number, bytes: Uint8Array): Promise<void> {
    const part = await this.#openPart();
    await writeAll(part, bytes, index * this.#identity!.segmentBytes);
    const record: SegmentRecord = { index, length: bytes.byteLength, crc32: this.#crc32(bytes) };
    this.#journal ??= open(join(this.#folder, 'journal'), 'a');
    // The line break comes first: what is before may be cut off.
    await (await this.#journal).write(`\n${JSON.stringify(record)}`);
    this.#records.set(index, record);
  }

  async read(index: number): Promise<Uint8Array | undefined> {
    const record = this.#records.get(index);
    if (record === undefined) return undefined;
    const part = await this.#openPart();
    if (this.#scratch.byteLength < record.length) this.#scratch = new Uint8Array(record.length);
    const bytes = this.#scratch.subarray(0, record.length);
    const { bytesRead } = await part.read(bytes, 0, record.length, index * this.#identity!.segmentBytes);
    return bytesRead === record.length && this.#crc32(bytes) === record.crc32 ? bytes : undefined;
  }

  open(): ReturnType<PartialFile['open']> {
    return openFileSource(join(this.#folder, 'part'));
  }

  /** The record first, the data after it: a file without a record is none. */
  async commit(info: StoredInfo): Promise<void> {
    const part = await this.#openPart();
    await part.truncate(info.sizeBytes);
    await part.sync();
    const { mtimeMs } = await part.stat();
    await this.close();
    this.#scratch = new Uint8Array(0);
    const record: StoredRecord = { ...info, mtimeMs };
    await writeFileAtomic(
      join(this.#folder, 'info.json'),
      new TextEncoder().encode(`${JSON.stringify(record, undefined, 2)}\n`),
    );
    await rename(join(this.#folder, 'part'), join(this.#folder, info.fileName));
    await rm(join(this.#folder, 'journal'), { force: true });
    this.#forget();
  }

  async discard(): Promise<void> {
    await this.close();
    await rm(join(this.#folder, 'journal'), { force: true });
    await rm(join(this.#folder, 'part'), { force: true });
    this.#forget();
  }

  async close(): Promise<void> {
    const handles = [this.#part, this.#journal];
    this.#part = undefined;
    this.#journal = undefined;
    for (const handle of handles) await (await handle?.catch(() => undefined))?.close();
  }

  #forget(): void {
    this.#identity = undefined;
    this.#records.clear();
  }

  #openPart(): Promise<FileHandle> {
    this.#part ??= open(join(this.#folder, 'part'), 'r+');
    return this.#part;
  }

  async #checkSpace(sizeBytes: number): Promise<void> {
    const space = await statfs(this.#folder).catch(() => undefined);
    if (space === undefined || space.bavail * space.bsize >= sizeBytes) return;
    const mebibytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`;
    const text = `expected ${mebibytes(sizeBytes)} of free space, got ${mebibytes(space.bavail * space.bsize)}; make room, clear the cache, or set RESIDUAL_HOME to another folder`;
    throw new HubError('cache', this.#folder, text);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.byteLength; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.byteLength - written, position + written);
    written += bytesWritten;
  }
}

/** What a journal says; lines that a killed process left unfinished are passed over. */
export async function readJournal(
  path: string,
): Promise<{ identity: PartialIdentity; records: SegmentRecord[] } | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const [identity, ...records] = text.split('\n').map(parseLine);
  if (typeof identity?.['url'] !== 'string' || typeof identity['segmentBytes'] !== 'number') return undefined;
  const isRecord = (line: Line): boolean => ['index', 'length', 'crc32'].every((key) => Number.isInteger(line?.[key]));
  return {
    identity: identity as unknown as PartialIdentity,
    records: records.filter(isRecord) as unknown as SegmentRecord[],
  };
}

type Line = Readonly<Record<string, unknown>> | undefined;

function parseLine(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}
