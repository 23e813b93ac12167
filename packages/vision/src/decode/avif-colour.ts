import type { AvifColour, AvifHeader } from './avif-header.ts';
import { itemLocations } from './avif-items.ts';

const SEQUENCE_HEADER = 1;
const IDENTITY_MATRIX = 0;

/**
 * The colours that an AVIF's AV1 stream tells, where its boxes are silent.
 *
 * @see https://aomediacodec.github.io/av1-spec/ (sections 5.3 to 5.5)
 */
export function sequenceColour(bytes: Uint8Array, { boxes }: AvifHeader): AvifColour | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const item = itemLocations(view, boxes.meta)?.find((location) => location.item === boxes.associations?.item);
    const at = item && sequenceHeaderAt(view, item.offset);
    return at === undefined ? undefined : readColour(new BitReader(view, at));
  } catch (error) {
    if (error instanceof RangeError) return undefined; // the stream ends before
    throw error;
  }
}

function sequenceHeaderAt(view: DataView, start: number): number | undefined {
  let at = start;
  for (let unit = 0; unit < 4; unit++) {
    const head = view.getUint8(at++);
    if (head & 4) at += 1;
    if ((head & 2) === 0) return undefined; // of no told size
    let size = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
      byte = view.getUint8(at++);
      size += (byte & 0x7f) * 2 ** shift;
    }
    if (((head >> 3) & 15) === SEQUENCE_HEADER) return at;
    at += size;
  }
  return undefined;
}

function readColour(bits: BitReader): AvifColour | undefined {
  const profile = bits.read(3);
  bits.read(1);
  const isReduced = bits.flag();
  if (isReduced) bits.read(5);
  else if (!skipOperatingPoints(bits)) return undefined;
  const [widthBits, heightBits] = [bits.read(4) + 1, bits.read(4) + 1];
  bits.read(widthBits);
  bits.read(heightBits);
  if (!isReduced && bits.flag()) bits.read(7);
  bits.read(3);
  if (!isReduced) skipTools(bits);
  bits.read(3);
  const isDeep = bits.flag();
  if (profile === 2 && isDeep) bits.read(1);
  const isGrey = profile !== 1 && bits.flag();
  const isTold = bits.flag();
  const [primaries, transfer, matrix] = isTold ? [bits.read(8), bits.read(8), bits.read(8)] : [2, 2, 2];
  const isRgb = !isGrey && primaries === 1 && transfer === 13 && matrix === IDENTITY_MATRIX;
  return { primaries, matrix, isFullRange: isRgb || bits.flag() };
}

/** Whether there is no timing, which stills have none of. */
function skipOperatingPoints(bits: BitReader): boolean {
  if (bits.flag()) return false;
  const hasDelay = bits.flag();
  for (let left = bits.read(5) + 1; left > 0; left--) {
    bits.read(12);
    if (bits.read(5) > 7) bits.read(1);
    if (hasDelay && bits.flag()) bits.read(4);
  }
  return true;
}

function skipTools(bits: BitReader): void {
  bits.read(4);
  const hasOrder = bits.flag();
  if (hasOrder) bits.read(2);
  const isScreenChosen = bits.flag();
  const mayBeScreen = isScreenChosen || bits.flag();
  if (mayBeScreen && !bits.flag()) bits.read(1);
  if (hasOrder) bits.read(3);
}

class BitReader {
  readonly #view: DataView;
  #at: number;

  constructor(view: DataView, start: number) {
    this.#view = view;
    this.#at = 8 * start;
  }

  read(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left--, this.#at++) {
      value = (value << 1) | ((this.#view.getUint8(this.#at >> 3) >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }
}
