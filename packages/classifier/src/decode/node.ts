import { fileURLToPath } from 'node:url';
import { DecodeError, type PixelImage } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import type { ImageFile, ReadImageOptions } from '../read-image.ts';
import { decodeNamed } from './decode-named.ts';
import { addressName, fetchImage, isWebAddress, otherScheme } from './fetch-image.ts';

/** Decodes a picture's file in Node: a path, an address, bytes or a Blob. */
export async function decode(input: ImageFile, options: ReadImageOptions): Promise<PixelImage> {
  if (isWebAddress(input))
    return decodeWhole(addressName(input), await fetchImage(input, { signal: options.signal }), options);
  if (input instanceof Blob) return decodeWhole(input instanceof File ? input.name : 'image', input, options);
  if (typeof input !== 'string' && !(input instanceof URL)) return decodeImage(input, options);
  const scheme = otherScheme(input);
  if (scheme === undefined) return decodeImage(String(input), options);
  if (scheme === 'file:') return decodeImage(fileURLToPath(input), options);
  const problem = `expected a file or an http:, https:, data: or file: address, got ${scheme}; fetch it, and give its bytes`;
  throw new DecodeError('FILE_UNREADABLE', addressName(input), problem);
}

async function decodeWhole(source: string, file: Blob, options: ReadImageOptions): Promise<PixelImage> {
  const bytes = await file.arrayBuffer();
  return decodeNamed(source, () => decodeImage(bytes, options));
}
