import { type ByteSource, readExactly } from '../byte-source.ts';
import { corruptFile } from '../corrupt-file.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { FileRange } from '../weights-index.ts';

const maxMetadataBytes = 256 * 1024 * 1024;
const maxReads = 500_000;
const windowBytes = 8192;

/** The address of what is not there. */
export const undefinedAddress: number = Number(0xffffffffffffffffn);

/** An HDF5 file's bytes by address, and errors about it. What is read to find the data is bounded. */
export class Hdf5File {
  readonly source: ByteSource;
  /** Where it lies in the source, which may be a zip. */
  readonly range: FileRange;
  #bytesLeft = maxMetadataBytes;
  #dataLeft: number;
  #readsLeft = maxReads;
  /** What was read last: an object's tables lie side by side. */
  #window = { address: 0, bytes: new Uint8Array(0) as Uint8Array };

  constructor(source: ByteSource, range: FileRange) {
    this.source = source;
    this.range = range;
    this.#dataLeft = range.sizeBytes;
  }

  /**
   * Counts the stored bytes of a dataset. All datasets together have no more than the file, unless they share bytes.
   *
   * @throws WeightsFormatError (`corrupt`) where they have more.
   */
  claim(length: number, what: string): void {
    this.#dataLeft -= length;
    if (this.#dataLeft < 0) throw this.corrupt(`${what}: expected bytes of its own, got those of other datasets`);
  }

  /** The bytes of data at an address; the caller has counted them. */
  async data(address: number, length: number, what: string): Promise<Uint8Array> {
    this.checkInside(address, length, what);
    return readExactly(this.source, this.range.offset + address, length, what);
  }

  /** @throws WeightsFormatError (`truncated`) where the bytes are not all in the file. */
  checkInside(address: number, length: number, what: string): void {
    const { sizeBytes, offset } = this.range;
    if (address + length <= sizeBytes) return;
    const got = Math.max(0, sizeBytes - address);
    const text = `${what} at byte ${offset + address}: expected ${length} bytes, got ${got}; the file is cut off or corrupt, fetch it again`;
    throw new WeightsFormatError('truncated', this.source.name, text, { offset });
  }

  /** @throws WeightsFormatError where the bytes are not all in the file, or too many have been read. */
  async view(address: number, length: number, what: string): Promise<DataView> {
    this.checkInside(address, length, what);
    this.#bytesLeft -= length;
    this.#readsLeft -= 1;
    if (this.#bytesLeft < 0 || this.#readsLeft < 0) throw this.corrupt(`${what}: expected the file's tables to end`);
    const end = this.#window.address + this.#window.bytes.length;
    if (address < this.#window.address || address + length > end) {
      const wanted = Math.max(length, Math.min(windowBytes, this.range.sizeBytes - address));
      const bytes = await readExactly(this.source, this.range.offset + address, wanted, what);
      this.#window = { address, bytes };
    }
    const { bytes } = this.#window;
    return new DataView(bytes.buffer, bytes.byteOffset + address - this.#window.address, length);
  }

  corrupt(text: string): WeightsFormatError {
    return corruptFile(this.source, text);
  }

  unsupported(text: string): WeightsFormatError {
    return new WeightsFormatError('unsupported', this.source.name, text);
  }
}

/** A number of eight bytes, which is exact as far as files reach. */
export function uint64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

/** A little-endian number of one to eight bytes. */
export function uint(view: DataView, at: number, sizeBytes: number): number {
  let value = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) value = value * 256 + view.getUint8(at + i);
  return value;
}

/** Four bytes as the signature that they spell. */
export function signature(view: DataView): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset, 4));
}

/**
 * Runs what parses, turning reads past an array's end into errors about the file.
 *
 * @throws WeightsFormatError
 */
export function parsing<T>(file: Hdf5File, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw file.corrupt(`${what}: expected more bytes`);
    throw error;
  }
}
