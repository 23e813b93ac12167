import { PickleError } from './pickle-error.ts';
import { FileBytes } from './pickle-values.ts';

const maxLineBytes = 64 * 1024;
const maxTextBytes = 64 * 1024;

/** The window ends before what is read next; the caller fills it again from the opcode on, up to `until` at least. */
export class WindowEnd {
  readonly until: number;

  constructor(until: number) {
    this.until = until;
  }
}

/**
 * Reads the operands of pickle opcodes from a window of the source, at positions of the source. Bytes and long texts
 * are not read but referred to, so that arrays inside a pickle cost nothing.
 */
export class PickleCursor {
  /** Position in the source. */
  at: number;
  /** Where the pickle's bytes must have ended, in the source. */
  readonly end: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #start = 0;
  readonly #text = new TextDecoder();

  constructor(at: number, end: number) {
    this.at = at;
    this.end = end;
  }

  /** Puts the window over bytes that begin at `at`. */
  fill(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#start = this.at;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** Two's complement, little-endian; a number where it is a safe one. */
  integer(length: number): number | bigint {
    if (length > 256) throw new PickleError('unsupported', `expected an integer of at most 256 bytes, got ${length}`);
    const start = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[start + i]!);
    if (length > 0 && this.#bytes[start + length - 1]! & 0x80) value -= 1n << BigInt(8 * length);
    return narrow(value);
  }

  text(length: number): string | FileBytes {
    return length > maxTextBytes ? this.#refer(length, 'text') : this.#decode(length);
  }

  bytes(length: number): FileBytes {
    return this.#refer(length, 'bytes');
  }

  /** Python 2's str, which is a text or bytes: bytes, unless it is short and of ASCII. */
  oldString(length: number): string | FileBytes {
    if (length > maxTextBytes) return this.#refer(length, 'bytes');
    const start = this.at;
    const from = this.#take(length);
    const isAscii = this.#bytes.subarray(from, from + length).every((byte) => byte < 0x80);
    this.at = start;
    return isAscii ? this.#decode(length) : this.#refer(length, 'bytes');
  }

  /** Text up to a newline, as names of globals and the values of protocol 0 are written. */
  line(): string {
    return this.#text.decode(this.#line());
  }

  /** A line whose characters are bytes; not by a TextDecoder, whose latin1 is windows-1252. */
  latin1Line(): string {
    return Array.from(this.#line(), (byte) => String.fromCharCode(byte)).join('');
  }

  /** A line that is a whole number. */
  integerLine(): number | bigint {
    const line = this.line().replace(/L$/, '');
    if (/^[+-]?\d{1,600}$/.test(line)) return narrow(BigInt(line.replace('+', '')));
    throw new PickleError('corrupt', 'expected a whole number on a line');
  }

  #line(): Uint8Array {
    const from = this.at - this.#start;
    const length = this.#bytes.subarray(from, from + maxLineBytes).indexOf(0x0a);
    if (length >= 0) {
      this.#take(length + 1);
      return this.#bytes.subarray(from, from + length);
    }
    if (this.#bytes.length - from >= maxLineBytes) {
      throw new PickleError(
        'unsupported',
        `expected a line of at most ${maxLineBytes} bytes, got more, as protocol 0 writes arrays`,
      );
    }
    return this.#endOfWindow(Math.max(1, Math.min(maxLineBytes, this.end - this.at)));
  }

  #decode(length: number): string {
    const start = this.#take(length);
    return this.#text.decode(this.#bytes.subarray(start, start + length));
  }

  #refer(length: number, kind: FileBytes['kind']): FileBytes {
    if (this.at + length > this.end) this.#endOfPickle(length);
    const bytes = new FileBytes(this.at, length, kind);
    this.at += length;
    return bytes;
  }

  #take(length: number): number {
    const start = this.at - this.#start;
    if (start + length > this.#bytes.length) this.#endOfWindow(length);
    this.at += length;
    return start;
  }

  #endOfWindow(length: number): never {
    const isWhole = this.#start + this.#bytes.length >= this.end;
    if (isWhole || this.at + length > this.end) this.#endOfPickle(length);
    throw new WindowEnd(this.at + length);
  }

  #endOfPickle(length: number): never {
    throw new PickleError('truncated', `expected ${length} more bytes of a pickle, got ${this.end - this.at}`);
  }
}

function narrow(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
