import { avifHeader } from './decode/avif-header.ts';
import { damaged, isCutOff } from './decode/damage.ts';
import type { DecodeRequest } from './decode/decode-request.ts';
import { orientationNote, turnUpright } from './decode/orientation.ts';
import { refusal } from './decode/refusal.ts';
import { DecodeError } from './decode-error.ts';
import { clearOrientation, readOrientation } from './exif-orientation.ts';
import { type PictureFormatName, pictureFormat } from './picture-format.ts';
import { pictureSize } from './picture-size.ts';
import type { PixelImage } from './pixel-image.ts';
import { checkPixelCount, DEFAULT_MAX_PIXELS, type DecodeOptions } from './pixel-limit.ts';
import { readBitmap } from './read-bitmap.ts';

/** What every browser decodes: one that it doesn't is damaged. */
const UNIVERSAL: readonly PictureFormatName[] = ['JPEG', 'PNG', 'WebP', 'GIF', 'BMP', 'ICO'];
/** What is said to be decoded here; some browsers decode more. */
const READ = 'JPEG, PNG, WebP, GIF, AVIF, BMP or ICO';
/** Pictures that no browser decodes of bytes. */
const DRAWINGS: readonly PictureFormatName[] = ['SVG', 'PostScript', 'raw'];
/** How a picture that was turned by an orientation is turned back. */
const REVERSE: Readonly<Record<number, number>> = { 6: 8, 8: 6 };

/**
 * Decodes a picture in the browser, on a page or in a worker, with no colour management.
 *
 * The pixels are PIL's, with these exceptions: a canvas loses colour under transparency (fully transparent pixels come out
 * black); CMYK and the colours of AVIF and HEIC are converted by the browser, and so is grey of 16 bits, to its high byte or
 * the next.
 *
 * @throws DecodeError where it is no picture, is damaged, is of a format that the browser does not decode, or has more than
 * `maxPixels`.
 */
export async function decodeBlob(blob: Blob, options: DecodeOptions = {}): Promise<PixelImage> {
  const { orient = false, maxPixels = DEFAULT_MAX_PIXELS, grey16 = 'high-byte' } = options;
  const source = blob instanceof File && blob.name !== '' ? blob.name : 'image';
  const bytes = await bytesOf(blob, source);
  if (bytes.length === 0) throw new DecodeError('FILE_EMPTY', source, 'expected a picture, got an empty file');
  const format = pictureFormat(bytes);
  if (!format?.isPicture || DRAWINGS.includes(format.name)) throw refusal(source, bytes, READ);
  const request = { bytes, source, format, orient, maxPixels, grey16 };
  // Firefox draws what there is of a picture that is cut off.
  if (isCutOff(format.name, bytes)) throw damaged(request);
  const size = pictureSize(format.name, bytes);
  if (size) checkPixelCount(source, size.width, size.height, maxPixels);

  const turn = takeOrientation(format.name, bytes);
  const image = await decodePixels(request);
  const wanted = orient ? turn.upright : turn.stored;
  const turned = wanted === 1 ? image : turnUpright(image, wanted);
  const notes = orient ? [] : orientationNote(turn.orientation);
  return notes.length > 0 ? { ...turned, notes } : turned;
}

async function bytesOf(blob: Blob, source: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.name : String(cause);
    const problem = `expected a picture, got a file that cannot be read (${reason}); choose it again`;
    throw new DecodeError('FILE_UNREADABLE', source, problem, cause);
  }
}

/** How a picture is to be turned once the browser has decoded it. */
interface Turn {
  /** Of the file. */
  readonly orientation: number;
  /** To have it upright, as EXIF counts. */
  readonly upright: number;
  /** To have it as it is stored. */
  readonly stored: number;
}

/**
 * Browsers turn pictures, each those of other formats. What EXIF says is set to 1 in `bytes`, and so left to us; an AVIF
 * turns itself by what belongs to its picture, in every browser.
 */
function takeOrientation(name: PictureFormatName, bytes: Uint8Array): Turn {
  if (name === 'AVIF') {
    const { orientation = 1 } = avifHeader(bytes) ?? {};
    return { orientation, upright: 1, stored: REVERSE[orientation] ?? orientation };
  }
  const orientation = readOrientation(bytes);
  clearOrientation(bytes);
  return { orientation, upright: orientation, stored: 1 };
}

async function decodePixels(request: DecodeRequest): Promise<PixelImage> {
  const { source, bytes, maxPixels } = request;
  // Only that it fails is the same in all browsers, so why is told by the file.
  const bitmap = await createImageBitmap(new Blob([bytes as BlobPart]), {
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  }).catch(() => {
    throw undecoded(request);
  });
  try {
    checkPixelCount(source, bitmap.width, bitmap.height, maxPixels);
    return readBitmap(bitmap);
  } finally {
    bitmap.close();
  }
}

function undecoded(request: DecodeRequest): DecodeError {
  const { name, what } = request.format;
  if (UNIVERSAL.includes(name)) return damaged(request);
  const got = name === 'AVIF' ? `${what}, damaged or of a kind that it does not know` : what;
  const problem = `expected a picture that this browser decodes, got ${got}; convert it to JPEG or PNG`;
  return new DecodeError('FORMAT_UNSUPPORTED', request.source, problem);
}
