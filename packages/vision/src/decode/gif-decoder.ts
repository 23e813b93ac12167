import type { PixelImage } from '../pixel-image.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodeWithSharp } from './sharp-decoder.ts';

/** The first frame of a GIF, as far as it tells colours that decoders lose. */
interface FirstFrame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Where its graphic control's flags lie, if it has one. */
  readonly flagsAt: number | undefined;
  /** The colour of what the frame does not cover: the transparent one, else the first. */
  readonly background: readonly [number, number, number];
}

/**
 * Decodes a GIF's first frame as PIL does: transparent pixels, and what the frame does not cover, have their colour of the
 * palette, where libvips leaves black.
 *
 * @throws DecodeError
 */
export async function decodeGif(request: DecodeRequest): Promise<PixelImage> {
  const frame = firstFrame(request.bytes);
  if (!frame) return await decodeWithSharp(request);
  const bytes = request.bytes.slice();
  if (frame.flagsAt !== undefined) bytes[frame.flagsAt]! &= ~1;
  const image = await decodeWithSharp({ ...request, bytes });
  fillAround(image, frame);
  return image;
}

function fillAround({ width, height, data }: PixelImage, frame: FirstFrame): void {
  for (let y = 0, at = 0; y < height; y++) {
    const isRow = y >= frame.top && y < frame.top + frame.height;
    for (let x = 0; x < width; x++, at += 3) {
      if (!isRow || x < frame.left || x >= frame.left + frame.width) data.set(frame.background, at);
    }
  }
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
  return { left: left!, top: top!, width: width!, height: height!, flagsAt: control, background };
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}
