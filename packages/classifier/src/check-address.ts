import { type PictureFormatName, pictureFormat } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';

/** Linux's PATH_MAX; addresses of pictures that hold none of it are shorter too. */
const LONGEST_PATH = 4096;
/** Shorter ones are names, whatever they begin with. */
const SHORTEST_PICTURE = 64;
const BASE64 = /^[\w+/\s-]+=*\s*$/;
const BASE64_HEAD_CHARACTERS = 5464;

const MEDIA_TYPES: Partial<Record<PictureFormatName, string>> = {
  JPEG: 'image/jpeg',
  PNG: 'image/png',
  WebP: 'image/webp',
  GIF: 'image/gif',
  TIFF: 'image/tiff',
  AVIF: 'image/avif',
  HEIC: 'image/heic',
  BMP: 'image/bmp',
};

/**
 * Refuses text that is no picture's path or address but a picture's bytes in base64, without repeating it.
 *
 * @throws ClassifierError
 */
export function checkAddress(text: string): void {
  if (text === '') throw refused('an empty string; name a file');
  if (/^data:/i.test(text) || text.length < SHORTEST_PICTURE) return;
  const type = mediaType(text);
  if (type === undefined && text.length <= LONGEST_PATH) return;
  const count = `${text.length.toLocaleString('en')} characters`;
  if (type === undefined && !BASE64.test(text)) throw refused(`${count}; name a file, or give its bytes`);
  throw refused(`${count} of base64; write data:${type ?? 'image/jpeg'};base64, before them`);
}

/** Of the picture that a text is in base64. */
function mediaType(text: string): string | undefined {
  const head = text.slice(0, BASE64_HEAD_CHARACTERS);
  if (!BASE64.test(head)) return undefined;
  const digits = head.replace(/[\s=]/g, '').replaceAll('-', '+').replaceAll('_', '/');
  const bytes = atob(digits.slice(0, digits.length - (digits.length % 4)));
  const format = pictureFormat(Uint8Array.from(bytes, (character) => character.charCodeAt(0)));
  return format && MEDIA_TYPES[format.name];
}

function refused(got: string): ClassifierError {
  return new ClassifierError('BAD_INPUT', `image: expected a path or an address, got ${got}`);
}
