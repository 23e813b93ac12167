import { decodeAvif } from './decode/avif-decoder.ts';
import { decodeBmp } from './decode/bmp-decoder.ts';
import { decodeDds } from './decode/dds-decoder.ts';
import type { Decoder } from './decode/decode-request.ts';
import { decodeGif } from './decode/gif-decoder.ts';
import { decodeIcon } from './decode/icon-decoder.ts';
import { decodeJpeg2000 } from './decode/jpeg2000-decoder.ts';
import { decodeWithMagick } from './decode/magick-decoder.ts';
import { decodePcx } from './decode/pcx-decoder.ts';
import { decodePnm } from './decode/pnm-decoder.ts';
import { decodePsd } from './decode/psd-decoder.ts';
import { readPicture } from './decode/read-picture.ts';
import { refusal } from './decode/refusal.ts';
import { decodeSgi } from './decode/sgi-decoder.ts';
import { decodeWithSharp } from './decode/sharp-decoder.ts';
import { decodeTga } from './decode/tga-decoder.ts';
import { decodeTiff } from './decode/tiff-decoder.ts';
import { DecodeError } from './decode-error.ts';
import { type PictureFormatName, pictureFormat } from './picture-format.ts';
import type { PixelImage } from './pixel-image.ts';
import { DEFAULT_MAX_PIXELS, type DecodeOptions } from './pixel-limit.ts';

/** A path, or the bytes of a picture's file. */
export type DecodeInput = string | Uint8Array | ArrayBuffer;

const DECODERS: Partial<Record<PictureFormatName, Decoder>> = {
  JPEG: decodeWithSharp,
  PNG: decodeWithSharp,
  WebP: decodeWithSharp,
  GIF: decodeGif,
  TIFF: decodeTiff,
  AVIF: decodeAvif,
  PNM: decodePnm,
  BMP: decodeBmp,
  ICO: decodeIcon,
  CUR: decodeIcon,
  TGA: decodeTga,
  PCX: decodePcx,
  'JPEG 2000': decodeJpeg2000,
  PSD: decodePsd,
  QOI: decodeWithMagick,
  SGI: decodeSgi,
  DDS: decodeDds,
  HEIC: decodeWithMagick,
};

/**
 * Decodes a picture's first frame to the pixels that PIL's `convert('RGB')` gives: no colour profile applied, alpha dropped
 * and not blended, CMYK by the plain formula, grey of more than 8 bits cut off at 255. What a file is, its content says.
 *
 * JPEG, PNG, WebP, GIF, TIFF and AVIF need sharp, PNM, PSD and SGI nothing, the rest (BMP, ICO, TGA, PCX, JPEG 2000, QOI, DDS,
 * HEIC) `@imagemagick/magick-wasm`; each is loaded when a file needs it.
 *
 * @throws DecodeError where the file cannot be read, is no picture, is one that is not decoded, is damaged, has more than
 * `maxPixels`, or its decoder is not installed.
 */
export async function decodeImage(input: DecodeInput, options: DecodeOptions = {}): Promise<PixelImage> {
  const { orient = false, maxPixels = DEFAULT_MAX_PIXELS, grey16 = 'clip' } = options;
  const source = typeof input === 'string' ? input : 'image';
  const bytes = plainBytes(typeof input === 'string' ? await readPicture(input) : input);
  if (bytes.length === 0) throw new DecodeError('FILE_EMPTY', source, 'expected a picture, got an empty file');
  const format = pictureFormat(bytes);
  const decode = format && DECODERS[format.name];
  if (!decode) throw refusal(source, bytes);
  return await decode({ bytes, source, format, orient, maxPixels, grey16 });
}

/** Not a `Buffer`, whose `slice` copies nothing. */
function plainBytes(input: Uint8Array | ArrayBuffer): Uint8Array {
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
}
