import { PickleError } from './pickle-error.ts';

const maxLineBytes = 1024;

/** Reads the operands of pickle opcodes; it never allocates more than the bytes hold. */
export class PickleCursor {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text = new TextDecoder();

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
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
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  text(length: number): string {
    const start = this.#take(length);
    return this.#text.decode(this.#bytes.subarray(start, start + length));
  }

  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Text up to a newline, as the names of globals are written. */
  line(): string {
    const rest = this.#bytes.subarray(this.at, this.at + maxLineBytes);
    const length = rest.indexOf(0x0a);
    if (length < 0 && rest.length === maxLineBytes) {
      throw new PickleError('corrupt', `expected a name of at most ${maxLineBytes} bytes`);
    }
    const line = this.text(length < 0 ? rest.length : length);
    this.#take(1);
    return line;
  }

  #take(length: number): number {
    const start = this.at;
    if (length < 0 || start + length > this.#bytes.length) {
      throw new PickleError(
        'truncated',
        `expected ${length} more bytes of a pickle, got ${this.#bytes.length - start}`,
      );
    }
    this.at += length;
    return start;
  }
}
