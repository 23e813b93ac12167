import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { type GifFrame, gifFirstFrame, gifPaletteBytes } from './picture-ends.ts';
import { decodeWithSharp } from './sharp-decoder.ts';

/** Where a frame lies on its screen, and the colour of what it does not cover: the transparent one, else the first. */
interface Placement {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
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
  const frame = gifFirstFrame(bytes);
  if (!frame) throw damaged(request);
  const placement = placementOf(view, frame);
  const width = Math.max(view.getUint16(SCREEN_AT, true), placement.left + placement.width);
  const height = Math.max(view.getUint16(SCREEN_AT + 2, true), placement.top + placement.height);
  checkPixelCount(source, width, height, maxPixels);
  const image = await decodeWithSharp({ ...request, bytes: frameAlone(bytes, frame, placement) });
  const isWhole = image.width === width && image.height === height;
  return isWhole ? image : placed(image, placement, width, height);
}

/** A file of the frame at the top left of a screen of its size, with no colour transparent. */
function frameAlone(bytes: Uint8Array, { at, end, flagsAt }: GifFrame, { width, height }: Placement): Uint8Array {
  const file = new Uint8Array(end + 1);
  file.set(bytes.subarray(0, end));
  file[end] = TRAILER;
  if (flagsAt !== undefined) file[flagsAt]! &= ~1;
  const view = new DataView(file.buffer);
  view.setUint16(SCREEN_AT, width, true);
  view.setUint16(SCREEN_AT + 2, height, true);
  view.setUint32(at + 1, 0);
  return file;
}

function placed(image: PixelImage, { left, top, background }: Placement, width: number, height: number): PixelImage {
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

function placementOf(view: DataView, { at, flagsAt }: GifFrame): Placement {
  const [left, top, width, height] = [1, 3, 5, 7].map((field) => view.getUint16(at + field, true));
  const ownBytes = gifPaletteBytes(view.getUint8(at + 9));
  const [table, tableBytes] = ownBytes > 0 ? [at + 10, ownBytes] : [13, gifPaletteBytes(view.getUint8(10))];
  const isTransparent = flagsAt !== undefined && (view.getUint8(flagsAt) & 1) === 1;
  const index = isTransparent ? view.getUint8(flagsAt + 3) : 0;
  const level = (channel: number): number => view.getUint8(table + 3 * index + channel);
  const background = 3 * index < tableBytes ? ([level(0), level(1), level(2)] as const) : ([0, 0, 0] as const);
  return { left: left!, top: top!, width: width!, height: height!, background };
}
