import { DecodeError } from '../decode-error.ts';
import { type PictureFormatName, pictureFormat } from '../picture-format.ts';

/** What Node decodes. */
const READ = 'JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, ICO, PNM, TGA, PCX, JPEG 2000, PSD, QOI, SGI, DDS or HEIC';

/** What to do about a file that no decoder here reads; the rest are to be converted. */
const NEXT_STEPS: Partial<Record<PictureFormatName, string>> = {
  'Git LFS pointer': 'fetch the file that it stands for: git lfs pull',
  HTML: 'the download went wrong: get the picture itself',
  XML: 'the download went wrong: get the picture itself',
  SVG: 'draw it to a PNG',
  PDF: 'export its page as a PNG',
  PostScript: 'export its page as a PNG',
  raw: 'develop it to JPEG or TIFF',
  video: 'take a frame out of it: ffmpeg -i FILE -frames:v 1 frame.png',
  gzip: 'unpack it',
  zip: 'unpack it',
  tar: 'unpack it',
};

/** Why a file whose format has no decoder is refused. `bytes`: all of it, or its beginning; `read`: what is decoded here. */
export function refusal(source: string, bytes: Uint8Array, read: string = READ): DecodeError {
  const format = pictureFormat(bytes);
  if (format) {
    const next = NEXT_STEPS[format.name] ?? 'convert it to PNG';
    const code = format.isPicture ? 'FORMAT_UNSUPPORTED' : 'NOT_AN_IMAGE';
    return new DecodeError(code, source, `expected a picture that can be decoded, got ${format.what}; ${next}`);
  }
  return new DecodeError('NOT_AN_IMAGE', source, `expected ${read}, got ${describe(bytes)}; check the file`);
}

function describe(bytes: Uint8Array): string {
  if (bytes.length < 16 && !isText(bytes)) return `${bytes.length} bytes, too few for a picture`;
  if (bytes.every((byte) => byte === 0)) return 'zero bytes alone';
  return isText(bytes) ? 'text' : 'something else';
}

/** UTF-8 without control characters. */
function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, 512), { stream: true });
    return text !== '' && !/[^\P{Cc}\s]/u.test(text);
  } catch {
    return false;
  }
}
