import { cmykToRgb } from '../cmyk.ts';
import { DecodeError } from '../decode-error.ts';
import type { PictureFormatName } from '../picture-format.ts';
import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged, isCutOff } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodedImage } from './decoded-image.ts';
import { askMagick, isMagickInstalled } from './magick-thread.ts';

/** ImageMagick's name of the coder that reads a format. */
const CODERS: Partial<Record<PictureFormatName, string>> = {
  BMP: 'BMP',
  ICO: 'ICO',
  CUR: 'CUR',
  TGA: 'TGA',
  PCX: 'PCX',
  'JPEG 2000': 'JP2',
  QOI: 'QOI',
  DDS: 'DDS',
  HEIC: 'HEIC',
  TIFF: 'TIFF',
};

/**
 * Decodes what sharp cannot with ImageMagick, compiled to WASM, in a thread of its own.
 *
 * @throws DecodeError
 */
export async function decodeWithMagick(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, format, source, maxPixels } = request;
  if (!isMagickInstalled()) {
    const problem = `expected a picture that sharp decodes, got ${format.what}; install its decoder: npm install`;
    throw new DecodeError('DECODER_MISSING', source, `${problem} @imagemagick/magick-wasm`);
  }
  // ImageMagick fills up what is missing, where PIL refuses.
  if (isCutOff(format.name, bytes)) throw damaged(request);
  const answer = await askMagick(bytes, CODERS[format.name]!, maxPixels).catch(() => undefined);
  if (answer?.isOutOfMemory) {
    const problem = `expected a picture that fits into its decoder’s memory (4 GiB), got more; shrink it`;
    throw new DecodeError('IMAGE_TOO_LARGE', source, problem);
  }
  if (answer?.width === undefined || answer.height === undefined) throw damaged(request);
  checkPixelCount(source, answer.width, answer.height, maxPixels);
  if (!answer.data) throw damaged(request);
  return decodedImage(answer.width, answer.height, answer.isCmyk ? cmykToRgb(answer.data) : answer.data, []);
}
