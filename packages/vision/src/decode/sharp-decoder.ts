import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { cmykToRgb } from '../cmyk.ts';
import { DecodeError } from '../decode-error.ts';
import type { ImageNote } from '../image-note.ts';
import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged, isCutOff } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { greyToRgb, wideGreyToRgb } from './grey-pixels.ts';
import { orientationNote } from './orientation.ts';

type SharpFactory = (input: Uint8Array, options: SharpOptions) => Sharp;

const WIDE_DEPTHS: readonly string[] = ['ushort', 'short', 'uint', 'int', 'float'];

type RawDepth = 'uchar' | 'ushort' | 'float' | 'double';

/** Samples as they are stored, pixel after pixel. */
export interface RawPixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * Decodes what sharp decodes to PIL's pixels: no colour profile applied, alpha dropped and not blended, CMYK by the plain
 * formula, one-channel pictures of more than 8 bits cut off at 255.
 *
 * @throws DecodeError
 */
export async function decodeWithSharp(request: DecodeRequest): Promise<PixelImage> {
  const { orient, grey16, bytes, format } = request;
  // libvips asks for no PNG's end, and takes what is in the place of a JPEG's for pixels.
  if (['JPEG', 'PNG'].includes(format.name) && isCutOff(format.name, bytes)) throw damaged(request);
  const open = await opener(request, orient);
  const metadata = await readMetadata(request, open);
  const notes = orient ? [] : orientationNote(metadata.orientation);
  if (isWideGrey(metadata, bytes)) return await readWideGrey(request, open, metadata, grey16, notes);
  const isWide = metadata.depth === 'ushort';
  if (metadata.depth !== 'uchar' && !isWide) {
    const problem = `expected 8 or 16 bits a sample, got ${request.format.what} of ${metadata.depth} samples; save it in 8 bits`;
    throw new DecodeError('FORMAT_UNSUPPORTED', request.source, problem);
  }
  if (metadata.space === 'cmyk') {
    const cmyk = open().pipelineColourspace('cmyk').toColourspace('cmyk');
    const { width, height, data } = await readRaw(request, cmyk, isWide ? 'ushort' : 'uchar');
    return decodedImage(width, height, cmykToRgb(isWide ? highBytes(data) : data), notes);
  }
  const { width, height, channels, data } = await readRaw(request, open().toColourspace('srgb').removeAlpha(), 'uchar');
  return decodedImage(width, height, toRgb(data, channels), notes);
}

/**
 * Samples without any conversion: what the file calls red, green and blue, and alpha where there is one.
 *
 * @throws DecodeError
 */
export async function readStored(request: DecodeRequest, keepAlpha: boolean): Promise<RawPixels> {
  const open = await opener(request, request.format.name === 'TIFF');
  await readMetadata(request, open);
  const image = open().toColourspace('srgb');
  return await readRaw(request, keepAlpha ? image : image.removeAlpha(), 'uchar');
}

async function opener({ bytes, source }: DecodeRequest, autoOrient: boolean): Promise<() => Sharp> {
  const sharp = await loadSharp(source);
  return () => sharp(bytes, { failOn: 'error', limitInputPixels: false, ignoreIcc: true, autoOrient });
}

async function readMetadata(request: DecodeRequest, open: () => Sharp): Promise<Metadata> {
  const metadata = await open()
    .metadata()
    .catch(() => {
      throw damaged(request);
    });
  checkPixelCount(request.source, metadata.width, metadata.height, request.maxPixels);
  return metadata;
}

async function readRaw(request: DecodeRequest, image: Sharp, depth: RawDepth): Promise<RawPixels> {
  const { data, info } = await image
    .raw({ depth })
    .toBuffer({ resolveWithObject: true })
    .catch(() => {
      throw damaged(request);
    });
  const { width, height, channels } = info;
  return { width, height, channels, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** PIL's modes `I;16`, `I` and `F`. A PNG of grey with alpha is none: PIL keeps its high bytes. */
function isWideGrey({ space, depth, channels, format }: Metadata, bytes: Uint8Array): boolean {
  if (!WIDE_DEPTHS.includes(depth)) return false;
  if (format === 'png') return bytes[25] === 0 && space === 'grey16';
  return channels === 1 && (space === 'grey16' || space === 'b-w');
}

async function readWideGrey(
  request: DecodeRequest,
  open: () => Sharp,
  { space, depth }: Metadata,
  grey16: 'clip' | 'high-byte',
  notes: readonly ImageNote[],
): Promise<PixelImage> {
  const isShort = space === 'grey16';
  const image = open()
    .toColourspace(isShort ? 'grey16' : 'b-w')
    .removeAlpha();
  const isUnsigned = depth === 'uint';
  const { width, height, data } = await readRaw(request, image, isShort ? 'ushort' : isUnsigned ? 'double' : 'float');
  const { buffer } = data.slice();
  const samples = isShort ? new Uint16Array(buffer) : isUnsigned ? signed(buffer) : new Float32Array(buffer);
  const converted = wideGreyToRgb(samples, grey16);
  return decodedImage(width, height, converted.data, [...notes, ...converted.notes]);
}

/** Unsigned samples as PIL takes them: those of 2³¹ and more are negative. */
function signed(samples: ArrayBufferLike): Float64Array {
  return new Float64Array(samples).map((value) => (value < 2 ** 31 ? value : value - 2 ** 32));
}

function highBytes(samples: Uint8Array): Uint8Array {
  const { buffer } = samples.slice();
  return Uint8Array.from(new Uint16Array(buffer), (value) => value >> 8);
}

/** The first three of `channels`; a single one three times. */
export function toRgb(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  if (channels < 3) return greyToRgb(data.filter((_, i) => i % channels === 0));
  return data.filter((_, i) => i % channels < 3);
}

async function loadSharp(source: string): Promise<SharpFactory> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const reason = String(cause instanceof Error ? cause.message : cause).split('\n')[0];
    const got = isAbsent ? 'is not installed' : `does not load (${reason})`;
    const problem = `decoding needs sharp, which ${got}: run npm install sharp`;
    throw new DecodeError('DECODER_MISSING', source, problem, cause);
  }
}
