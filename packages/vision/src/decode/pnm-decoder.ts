import { DecodeError } from '../decode-error.ts';
import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { quote } from '../quote.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { bitsToGrey, greyToRgb, wideGreyToRgb } from './grey-pixels.ts';

/** Of a word; no number is longer. */
const MOST_LETTERS = 20;

/**
 * Decodes PBM, PGM, PPM (P1 to P6) and grey float (Pf) as PIL does: levels stretched to 255, half to even; grey of more
 * than 8 bits cut off.
 *
 * Our own, as 16-bit grey and levels other than 255 come out otherwise elsewhere.
 *
 * @see https://netpbm.sourceforge.net/doc/pnm.html
 * @see https://github.com/python-pillow/Pillow/blob/main/src/PIL/PpmImagePlugin.py
 * @throws DecodeError
 */
export async function decodePnm(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, source, maxPixels, grey16 } = request;
  const reader = new TokenReader(bytes);
  const kind = reader.next();
  const [width, height] = [side(request, reader), side(request, reader)];
  checkPixelCount(source, width, height, maxPixels);
  const count = width * height;
  if (kind === 'PF') {
    throw new DecodeError(
      'FORMAT_UNSUPPORTED',
      source,
      'expected PNM of whole numbers, got float colours; save it as PPM',
    );
  }
  if (kind === 'P1' || kind === 'P4') {
    const ink = kind === 'P1' ? reader.bits(count) : readInk(bytes, reader.at + 1, width, height);
    if (!ink) throw damaged(request);
    return decodedImage(width, height, greyToRgb(ink.map((bit) => (bit ? 0 : 255))), []);
  }
  const range = Number(reader.next());
  if (kind === 'Pf') {
    const samples = readFloats(bytes, reader.at + 1, { width, height, isLittleEndian: range < 0 });
    if (!samples) throw damaged(request);
    const { data, notes } = wideGreyToRgb(samples, grey16);
    return decodedImage(width, height, data, notes);
  }
  if (!Number.isInteger(range) || range < 1 || range > 65535) throw damaged(request);
  const isGrey = kind === 'P2' || kind === 'P5';
  const isText = kind === 'P2' || kind === 'P3';
  const sampleCount = isGrey ? count : 3 * count;
  const levels = isText ? reader.numbers(sampleCount, range) : readLevels(bytes, reader.at + 1, sampleCount, range);
  if (!levels) throw damaged(request);
  if (isGrey && range > 255) {
    const { data, notes } = wideGreyToRgb(stretch(levels, range, 65535), grey16);
    return decodedImage(width, height, data, notes);
  }
  const data = Uint8Array.from(stretch(levels, range, 255));
  return decodedImage(width, height, isGrey ? greyToRgb(data) : data, []);
}

/** A width or a height. */
function side({ source }: DecodeRequest, reader: TokenReader): number {
  const word = reader.next();
  if (/^\d{1,9}$/.test(word)) return Number(word);
  const got = quote(word.length === MOST_LETTERS ? `${word}…` : word);
  const problem = `expected a PNM picture’s width and height in pixels, got ${got}; get the file again`;
  throw new DecodeError('IMAGE_DAMAGED', source, problem);
}

/** Words of the header, and of pictures written as text, between white space and comments. */
class TokenReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  next(): string {
    this.#skipSpace();
    const start = this.at;
    while (this.at < this.#bytes.length && !isSpace(this.#bytes[this.at]!) && this.at - start < MOST_LETTERS)
      this.at += 1;
    return String.fromCharCode(...this.#bytes.subarray(start, this.at));
  }

  numbers(count: number, max: number): Uint16Array | undefined {
    if (count > this.#bytes.length - this.at) return undefined;
    const numbers = new Uint16Array(count);
    for (let i = 0; i < count; i++) {
      const word = this.next();
      const number = Number(word);
      if (word === '' || !Number.isInteger(number) || number < 0 || number > max) return undefined;
      numbers[i] = number;
    }
    return numbers;
  }

  /** Bits need no space between them. */
  bits(count: number): Uint8Array | undefined {
    if (count > this.#bytes.length - this.at) return undefined;
    const bits = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      this.#skipSpace();
      const digit = this.#bytes[this.at]! - 0x30;
      if (digit !== 0 && digit !== 1) return undefined;
      bits[i] = digit;
      this.at += 1;
    }
    return bits;
  }

  #skipSpace(): void {
    while (this.at < this.#bytes.length) {
      const byte = this.#bytes[this.at]!;
      if (byte === 0x23) while (this.at < this.#bytes.length && this.#bytes[this.at] !== 0x0a) this.at += 1;
      else if (!isSpace(byte)) return;
      this.at += 1;
    }
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Packed bits, of which a set one is ink; `undefined` where there are too few. */
function readInk(bytes: Uint8Array, at: number, width: number, height: number): Uint8Array | undefined {
  const rowBytes = Math.ceil(width / 8);
  if (at + rowBytes * height > bytes.length) return undefined;
  return bitsToGrey(bytes.subarray(at), rowBytes, width, height);
}

function readLevels(bytes: Uint8Array, at: number, count: number, range: number): Uint8Array | Uint16Array | undefined {
  const sampleBytes = range > 255 ? 2 : 1;
  if (at + count * sampleBytes > bytes.length) return undefined;
  if (sampleBytes === 1) return bytes.subarray(at, at + count);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 2 * count);
  return Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i));
}

interface FloatSize {
  readonly width: number;
  readonly height: number;
  readonly isLittleEndian: boolean;
}

/** Rows from the lowest to the highest. */
function readFloats(
  bytes: Uint8Array,
  at: number,
  { width, height, isLittleEndian }: FloatSize,
): Float32Array | undefined {
  if (at + 4 * width * height > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 4 * width * height);
  const samples = new Float32Array(width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to++) {
      samples[to] = view.getFloat32(4 * ((height - 1 - y) * width + x), isLittleEndian);
    }
  }
  return samples;
}

/** Levels of 0 to `range` as levels of 0 to `max`, rounded half to even as Python does. */
function stretch(levels: Uint8Array | Uint16Array, range: number, max: number): Uint16Array {
  const table = Uint16Array.from({ length: range + 1 }, (_, level) => roundHalfEven((level / range) * max));
  return Uint16Array.from(levels, (level) => table[Math.min(level, range)]!);
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below + (below % 2);
}
