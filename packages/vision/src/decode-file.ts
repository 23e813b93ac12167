import { stat } from 'node:fs/promises';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { cmykToRgb } from './cmyk.ts';
import { DecodeError } from './decode-error.ts';
import type { PixelImage } from './pixel-image.ts';
import { checkPixelCount, DEFAULT_MAX_PIXELS, type DecodeOptions } from './pixel-limit.ts';

/** A path, or the bytes of a picture's file. */
export type DecodeInput = string | Uint8Array | ArrayBuffer;

type SharpFactory = (input: string | Uint8Array, options: SharpOptions) => Sharp;

const FORMATS: readonly string[] = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif'];

/**
 * Decodes a JPEG, PNG, WebP, GIF, TIFF or AVIF picture (its first frame) with sharp, to the pixels that PIL's
 * `convert('RGB')` gives: no colour profile applied, alpha dropped and not blended, CMYK by the plain formula.
 *
 * 16-bit pixels keep their high byte, also greyscale ones, which PIL cuts off at 255 instead.
 *
 * @throws DecodeError where sharp is not installed, the file cannot be read, is no such picture or is damaged, or has
 * more than `maxPixels`.
 */
export async function decodeImage(input: DecodeInput, options: DecodeOptions = {}): Promise<PixelImage> {
  const { orient = false, maxPixels = DEFAULT_MAX_PIXELS } = options;
  const source = typeof input === 'string' ? input : 'image';
  const bytes = input instanceof ArrayBuffer ? new Uint8Array(input) : input;
  const sizeBytes = typeof bytes === 'string' ? await fileSize(bytes) : bytes.length;
  if (sizeBytes === 0) throw new DecodeError('FILE_EMPTY', source, 'expected a picture, got an empty file');

  const sharp = await loadSharp(source);
  const open = () => sharp(bytes, { failOn: 'error', limitInputPixels: false, ignoreIcc: true, autoOrient: orient });
  try {
    const metadata = await open().metadata();
    checkFormat(source, metadata);
    checkPixelCount(source, metadata.width, metadata.height, maxPixels);
    return await readPixels(open(), metadata);
  } catch (error) {
    throw DecodeError.isInstance(error) ? error : decodeFailure(source, error);
  }
}

async function readPixels(image: Sharp, metadata: Metadata): Promise<PixelImage> {
  const isCmyk = metadata.space === 'cmyk';
  const converted = isCmyk
    ? image.pipelineColourspace('cmyk').toColourspace('cmyk')
    : image.toColourspace('srgb').removeAlpha();
  const { data, info } = await converted.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { width: info.width, height: info.height, channels: 3, data: isCmyk ? cmykToRgb(pixels) : pixels };
}

function checkFormat(source: string, { format }: Metadata): void {
  if (!FORMATS.includes(format)) {
    const expected = 'expected JPEG, PNG, WebP, GIF, TIFF or AVIF';
    throw new DecodeError('NOT_AN_IMAGE', source, `${expected}, got ${format}; convert it to one of them`);
  }
}

async function fileSize(path: string): Promise<number> {
  const stats = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const got = cause.code === 'ENOENT' ? 'no such file' : (cause.code ?? cause.message);
    throw new DecodeError('FILE_UNREADABLE', path, `expected a picture, got ${got}; check the path`, cause);
  });
  if (!stats.isFile()) {
    const got = stats.isDirectory() ? 'a folder' : 'no regular file';
    throw new DecodeError('FILE_UNREADABLE', path, `expected a picture, got ${got}; name a file`);
  }
  return stats.size;
}

async function loadSharp(source: string): Promise<SharpFactory> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const got = isAbsent ? 'is not installed' : `does not load (${firstLine(cause)})`;
    throw new DecodeError(
      'DECODER_MISSING',
      source,
      `decoding needs sharp, which ${got}: run npm install sharp`,
      cause,
    );
  }
}

function decodeFailure(source: string, cause: unknown): DecodeError {
  const reason = firstLine(cause);
  if (/unsupported image format/i.test(reason)) {
    const problem =
      'expected JPEG, PNG, WebP, GIF, TIFF or AVIF, got something else or too little of one; check the file';
    return new DecodeError('NOT_AN_IMAGE', source, problem, cause);
  }
  const detail = reason.replace(/^Input (file|buffer) has corrupt header:\s*/, '') || 'corrupt header';
  const problem = `expected a whole picture, got a damaged one (${detail}); get the file again`;
  return new DecodeError('IMAGE_DAMAGED', source, problem, cause);
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .split('\n')[0]!
    .trim();
}
