import { cmykToRgb } from '../cmyk.ts';
import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { highBytesOf, planesToRgb } from './channel-planes.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { bitsToGrey, greyToRgb } from './grey-pixels.ts';
import { unsupported } from './unsupported.ts';

const MODE = { bilevel: 0, palette: 2, rgb: 3, cmyk: 4, lab: 9 } as const;
/** Channels that make the colours, of modes that have more than one. */
const COLOURS: Readonly<Record<number, number>> = { [MODE.rgb]: 3, [MODE.cmyk]: 4 };
const HEADER_BYTES = 26;
const BIG = 2;
/** What a byte of run lengths stands for at most: 128 bytes in two. */
const MOST_RUN_BYTES = 64;

interface PsdHeader {
  /** Of the version for pictures of more than 30,000 pixels a side (PSB). */
  readonly isBig: boolean;
  readonly channels: number;
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly mode: number;
}

/**
 * Decodes the flat picture that a Photoshop file holds beside its layers. Of 16 bits it keeps the high byte.
 *
 * Our own, since ImageMagick takes white out of colours that are partly transparent. PIL has a bilevel picture's black and
 * white the other way round than Photoshop, and so has this.
 *
 * @see https://www.adobe.com/devnet-apps/photoshop/fileformatashtml/
 * @see https://github.com/python-pillow/Pillow/blob/main/src/PIL/PsdImagePlugin.py
 * @throws DecodeError
 */
export async function decodePsd(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, source, maxPixels } = request;
  if (bytes.length < HEADER_BYTES) throw damaged(request);
  const header = readHeader(bytes);
  const { width, height, mode } = header;
  checkPixelCount(source, width, height, maxPixels);
  refuseUnread(request, header);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections = sectionsOf(view, header.isBig);
  const planes = sections && readPlanes(view, sections.pixelsAt, header);
  if (!planes) throw damaged(request);
  if (mode === MODE.bilevel) {
    const grey = bitsToGrey(planes[0]!, Math.ceil(width / 8), width, height);
    return decodedImage(width, height, greyToRgb(grey), []);
  }
  if (mode === MODE.palette) {
    const colours = bytes.subarray(sections.coloursAt, sections.coloursAt + 768);
    return decodedImage(width, height, paletteToRgb(planes[0]!, colours), []);
  }
  if (mode === MODE.cmyk) return decodedImage(width, height, cmykToRgb(inksOf(planes)), []);
  return decodedImage(width, height, planesToRgb(planes), []);
}

function readHeader(bytes: Uint8Array): PsdHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    isBig: view.getUint16(4) === BIG,
    channels: view.getUint16(12),
    height: view.getUint32(14),
    width: view.getUint32(18),
    depth: view.getUint16(22),
    mode: view.getUint16(24),
  };
}

function refuseUnread(request: DecodeRequest, { depth, mode, channels }: PsdHeader): void {
  if (mode === MODE.lab) throw unsupported(request, 'a Photoshop picture (PSD) in LAB', 'save it as RGB');
  const isDepth = mode === MODE.bilevel ? depth === 1 : depth === 8 || (depth === 16 && mode !== MODE.palette);
  const what = mode === MODE.palette ? 'a Photoshop picture (PSD) of a palette and' : 'a Photoshop picture (PSD) of';
  if (!isDepth) throw unsupported(request, `${what} ${depth} bits a sample`, 'save it as a PNG of 8 bits');
  if (mode === MODE.palette && channels > 1)
    throw unsupported(request, `${what} ${channels} channels`, 'save it as a PNG');
  if (mode > MODE.lab || channels < (COLOURS[mode] ?? 1)) throw damaged(request);
}

/** Behind the header come the palette, resources and layers, each with its length, then the flat picture. */
function sectionsOf(view: DataView, isBig: boolean): { coloursAt: number; pixelsAt: number } | undefined {
  const coloursAt = HEADER_BYTES + 4;
  let at = HEADER_BYTES;
  for (let section = 0; section < 3; section++) {
    const isLong = isBig && section === 2;
    if (at + (isLong ? 8 : 4) > view.byteLength) return undefined;
    at += isLong ? 8 + Number(view.getBigUint64(at)) : 4 + view.getUint32(at);
  }
  return at + 2 <= view.byteLength ? { coloursAt, pixelsAt: at } : undefined;
}

/** The channels of the colours, of 8 bits (of 1, a bilevel picture's). */
function readPlanes(view: DataView, pixelsAt: number, header: PsdHeader): Uint8Array[] | undefined {
  const { width, height, depth, mode, channels, isBig } = header;
  const rowBytes = Math.ceil((width * depth) / 8);
  const count = COLOURS[mode] ?? 1;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const compression = view.getUint16(pixelsAt);
  let at = pixelsAt + 2;
  const planes: Uint8Array[] = [];
  if (compression === 0) {
    if (at + channels * rowBytes * height > bytes.length) return undefined;
    for (let i = 0; i < count; i++, at += rowBytes * height) planes.push(bytes.subarray(at, at + rowBytes * height));
  } else if (compression === 1) {
    const lengthBytes = isBig ? 4 : 2;
    let lengthAt = at;
    at += channels * height * lengthBytes;
    if (at > bytes.length || count * rowBytes * height > MOST_RUN_BYTES * (bytes.length - at)) return undefined;
    for (let i = 0; i < channels; i++) {
      const plane = i < count ? new Uint8Array(rowBytes * height) : undefined;
      for (let y = 0; y < height; y++, lengthAt += lengthBytes) {
        const length = isBig ? view.getUint32(lengthAt) : view.getUint16(lengthAt);
        if (at + length > bytes.length) return undefined;
        const row = plane?.subarray(y * rowBytes, (y + 1) * rowBytes);
        if (row && !unpackBits(bytes.subarray(at, at + length), row)) return undefined;
        at += length;
      }
      if (plane) planes.push(plane);
    }
  } else return undefined;
  return depth === 16 ? planes.map(highBytesOf) : planes;
}

/** PackBits: a byte below 128 says that one more than that many follow, one above how often the next one comes. */
function unpackBits(packed: Uint8Array, row: Uint8Array): boolean {
  let to = 0;
  for (let at = 0; at < packed.length; ) {
    const head = packed[at++]!;
    if (head === 128) continue;
    if (head > 128) {
      row.fill(packed[at++] ?? 0, to, to + 257 - head);
      to += 257 - head;
      continue;
    }
    const run = packed.subarray(at, at + head + 1);
    if (to + run.length > row.length) return false;
    row.set(run, to);
    to += run.length;
    at += head + 1;
  }
  return to === row.length;
}

/** The reds of all 256 colours, then their greens, then their blues. */
function paletteToRgb(indices: Uint8Array, colours: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * indices.length);
  for (let i = 0, at = 0; i < indices.length; i++, at += 3) {
    for (let channel = 0; channel < 3; channel++) rgb[at + channel] = colours[256 * channel + indices[i]!]!;
  }
  return rgb;
}

/** Stored as what the inks leave of the light. */
function inksOf(planes: readonly Uint8Array[]): Uint8Array {
  const cmyk = new Uint8Array(4 * planes[0]!.length);
  for (let i = 0, at = 0; at < cmyk.length; i++, at += 4) {
    for (let channel = 0; channel < 4; channel++) cmyk[at + channel] = 255 - planes[channel]![i]!;
  }
  return cmyk;
}
