import { DecodeError } from '../decode-error.ts';
import type { PictureFormatName } from '../picture-format.ts';
import type { DecodeRequest } from './decode-request.ts';
import { gifFirstFrame, jpegEnds } from './picture-ends.ts';
import { isTiffCutOff } from './tiff-directory.ts';

/**
 * A file that its decoder gave up on, told by its own bytes: decoders' texts are not to be had, since libvips keeps one
 * buffer of them for all pictures that are decoded at a time.
 */
export function damaged({ source, format, bytes }: DecodeRequest): DecodeError {
  const unsupported = format.name === 'JPEG' ? unsupportedJpeg(bytes) : undefined;
  if (unsupported) {
    const problem = `expected a picture that can be decoded, got ${unsupported}; convert it to PNG`;
    return new DecodeError('FORMAT_UNSUPPORTED', source, problem);
  }
  const state = isCutOff(format.name, bytes) ? `is cut off after ${bytes.length} bytes` : 'is damaged';
  const problem = `expected a whole picture, got ${format.what} that ${state}; get the file again`;
  return new DecodeError('IMAGE_DAMAGED', source, problem);
}

/** Whether the file ends before its own structure says that it does. */
export function isCutOff(name: PictureFormatName, bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (name) {
    case 'JPEG':
      return !jpegEnds(bytes);
    case 'PNG':
      return chunksEnd(view) > bytes.length;
    case 'WebP':
      return bytes.length < 12 || 8 + view.getUint32(4, true) > bytes.length;
    case 'GIF':
      return gifFirstFrame(bytes) === undefined;
    case 'BMP':
      return bytes.length < 26 || view.getUint32(2, true) > bytes.length;
    case 'AVIF':
    case 'HEIC':
      return boxesEnd(view) > bytes.length;
    case 'TIFF':
      return isTiffCutOff(bytes);
    default:
      return false;
  }
}

function chunksEnd(view: DataView): number {
  let at = 8;
  while (at + 12 <= view.byteLength) {
    if (view.getUint32(at + 4) === 0x49454e44) return at + 12; // IEND
    at += 12 + view.getUint32(at);
  }
  return Math.max(at, view.byteLength + 1);
}

function boxesEnd(view: DataView): number {
  let at = 0;
  while (at + 8 <= view.byteLength) {
    const size = view.getUint32(at);
    if (size === 0) return view.byteLength; // to the end of the file
    if (size < 8) return at;
    at += size;
  }
  return at;
}

/** What a JPEG is that its decoder does not read: lossless or of 12 bits, as medical pictures are. */
function unsupportedJpeg(bytes: Uint8Array): string | undefined {
  for (let at = 2; at + 5 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && bytes[at + 4] !== 8) return `a JPEG of ${bytes[at + 4]} bits`;
    if ([0xc3, 0xc7, 0xcb, 0xcf].includes(marker)) return 'a lossless JPEG';
    if (isFrame || marker === 0xda) return undefined;
    at += 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
  }
  return undefined;
}
