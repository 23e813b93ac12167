import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { labToRgb } from './lab.ts';
import { decodeWithMagick } from './magick-decoder.ts';
import { decodeWithSharp, readStored } from './sharp-decoder.ts';
import { isTiffCutOff, TIFF_TAG, type TiffDirectory, tiffDirectory, tiffValues, viewOf } from './tiff-directory.ts';
import { zstdToDeflate } from './tiff-zstd.ts';
import { unsupported } from './unsupported.ts';

const PHOTOMETRIC = { rgb: 2, separated: 5, yCbCr: 6, cieLab: 8, colourFilterArray: 32803 } as const;
const COMPRESSION = { oldJpeg: 6, jpeg: 7, zstd: 50000 } as const;
/** By number: those that neither libvips nor ImageMagick are built with. */
const UNREAD: Readonly<Record<number, string>> = {
  34661: 'JBIG',
  34887: 'LERC',
  34925: 'LZMA',
  50001: 'WebP',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
};

/**
 * Decodes a TIFF's first picture to PIL's pixels, turned by its orientation, as PIL turns TIFF and no other format.
 *
 * @throws DecodeError
 */
export async function decodeTiff(request: DecodeRequest): Promise<PixelImage> {
  const upright = { ...request, orient: true };
  const directory = tiffDirectory(request.bytes);
  if (!directory) throw damaged(request);
  const value = (tag: number): number => tiffValues(request.bytes, directory, tag)[0] ?? 0;
  const [compression, photometric] = [value(TIFF_TAG.compression), value(TIFF_TAG.photometric)];
  if (photometric === PHOTOMETRIC.colourFilterArray || directory.entries.has(TIFF_TAG.dngVersion)) {
    throw unsupported(request, 'a camera’s raw picture (DNG)', 'develop it to JPEG or TIFF');
  }
  const unread = UNREAD[compression];
  if (unread) throw unsupported(request, `a TIFF compressed by ${unread}`, 'save it with LZW or deflate');
  if (!directory.entries.has(TIFF_TAG.height) || isTiffCutOff(request.bytes)) throw damaged(request);
  checkPixelCount(request.source, value(TIFF_TAG.width), value(TIFF_TAG.height), request.maxPixels);
  const bits = value(TIFF_TAG.bitsPerSample);
  if (bits > 32) throw unsupported(request, `a TIFF picture of ${bits} bits a sample`, 'save it in fewer');
  if (bits > 8 && bits < 16)
    throw unsupported(request, `a TIFF picture of ${bits} bits a sample`, 'save it in 8 or 16');
  if (compression === COMPRESSION.zstd) return await decodeTiff(await zstdToDeflate(request, directory));
  const isJpeg = compression === COMPRESSION.jpeg || compression === COMPRESSION.oldJpeg;
  const [isTiled, samples] = [directory.entries.has(TIFF_TAG.tileOffsets), value(TIFF_TAG.samplesPerPixel)];
  if (isJpeg && isTiled && (samples === 2 || samples === 4) && photometric !== PHOTOMETRIC.separated) {
    throw unsupported(request, 'a TIFF of tiles with alpha compressed by JPEG', 'save it with LZW or deflate');
  }
  if (photometric === PHOTOMETRIC.yCbCr && !isJpeg) return await decodeWithMagick(upright);
  if (photometric === PHOTOMETRIC.cieLab) return await decodeLab(upright, directory);
  return await decodeWithSharp(upright);
}

/** CIE LAB, read as if it were RGB, then converted. */
async function decodeLab(request: DecodeRequest, directory: TiffDirectory): Promise<PixelImage> {
  const bits = tiffValues(request.bytes, directory, TIFF_TAG.bitsPerSample);
  if (bits.length !== 3 || bits.some((value) => value !== 8)) {
    throw unsupported(request, `LAB of ${bits.join(', ')} bits a sample`, 'save it as RGB');
  }
  const bytes = request.bytes.slice();
  const { valuesAt } = directory.entries.get(TIFF_TAG.photometric)!;
  viewOf(bytes).setUint16(valuesAt, PHOTOMETRIC.rgb, directory.isLittleEndian);
  const { width, height, channels, data } = await readStored({ ...request, bytes }, false);
  if (channels !== 3) throw damaged(request);
  return decodedImage(width, height, labToRgb(data), []);
}
