import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { gifFirstFrameEnd } from './picture-ends.ts';
import { decodeWithSharp } from './sharp-decoder.ts';

/** The first frame of a GIF, as far as it tells colours that decoders lose. */
interface FirstFrame {
  /** Where it begins in the file. */
  readonly at: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Where its graphic control's flags lie, if it has one. */
  readonly flagsAt: number | undefined;
  /** The colour of what the frame does not cover: the transparent one, else the first. */
  readonly background: readonly [number, number, number];
}

const SCREEN_AT = 6;
const TRAILER = 0x3b;

/**
 * Decodes a GIF's first frame as PIL does: transparent pixels, and what the frame does not cover, have their colour of the
 * palette, where libvips leaves black. libvips gets the frame alone, since it drops screens of more than 2,048 pixels.
 *
 * @throws DecodeError
 */
export async function decodeGif(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, source, maxPixels } = request;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frame = firstFrame(bytes);
  const end = gifFirstFrameEnd(bytes);
  if (!frame || end === undefined) throw damaged(request);
  const width = Math.max(view.getUint16(SCREEN_AT, true), frame.left + frame.width);
  const height = Math.max(view.getUint16(SCREEN_AT + 2, true), frame.top + frame.height);
  checkPixelCount(source, width, height, maxPixels);
  const image = await decodeWithSharp({ ...request, bytes: frameAlone(bytes.subarray(0, end), frame) });
  const isWhole = image.width === width && image.height === height;
  return isWhole ? image : placed(image, frame, width, height);
}

/** A file of the frame at the top left of a screen of its size, with no colour transparent. */
function frameAlone(bytes: Uint8Array, { at, flagsAt, width, height }: FirstFrame): Uint8Array {
  const file = new Uint8Array(bytes.length + 1);
  file.set(bytes);
  file[bytes.length] = TRAILER;
  if (flagsAt !== undefined) file[flagsAt]! &= ~1;
  const view = new DataView(file.buffer);
  view.setUint16(SCREEN_AT, width, true);
  view.setUint16(SCREEN_AT + 2, height, true);
  view.setUint32(at + 1, 0);
  return file;
}

function placed(image: PixelImage, { left, top, background }: FirstFrame, width: number, height: number): PixelImage {
  const data = new Uint8Array(3 * width * height);
  const around = data.slice(0, 3 * width);
  for (let at = 0; at < around.length; at += 3) around.set(background, at);
  for (let at = 0; at < data.length; at += around.length) data.set(around, at);
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(3 * y * image.width, 3 * (y + 1) * image.width);
    data.set(row, 3 * ((top + y) * width + left));
  }
  return decodedImage(width, height, data, image.notes ?? []);
}

/** @see https://www.w3.org/Graphics/GIF/spec-gif89a.txt */
function firstFrame(bytes: Uint8Array): FirstFrame | undefined {
  const globalFlags = bytes[10]!;
  let at = 13 + colourTableBytes(globalFlags);
  let control: number | undefined;
  while (at < bytes.length) {
    if (bytes[at] === 0x2c) return frameAt(bytes, at, control);
    if (bytes[at] !== 0x21) return undefined;
    if (bytes[at + 1] === 0xf9) control = at + 3;
    at += 2;
    while (bytes[at]) at += 1 + bytes[at]!; // blocks, up to one of no byte
    at += 1;
  }
  return undefined;
}

function frameAt(bytes: Uint8Array, at: number, control: number | undefined): FirstFrame | undefined {
  if (at + 10 > bytes.length) return undefined;
  const [left, top, width, height] = [1, 3, 5, 7].map((i) => bytes[at + i]! | (bytes[at + i + 1]! << 8));
  const localBytes = colourTableBytes(bytes[at + 9]!);
  const table = localBytes > 0 ? at + 10 : 13;
  const size = localBytes > 0 ? localBytes : colourTableBytes(bytes[10]!);
  const isTransparent = control !== undefined && (bytes[control]! & 1) === 1;
  const index = isTransparent ? bytes[control! + 3]! : 0;
  const colour = table + 3 * index;
  const isInTable = 3 * index < size && colour + 3 <= bytes.length;
  const background = isInTable
    ? ([bytes[colour]!, bytes[colour + 1]!, bytes[colour + 2]!] as const)
    : ([0, 0, 0] as const);
  return { at, left: left!, top: top!, width: width!, height: height!, flagsAt: control, background };
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}
