import { decodeBlob, type PixelImage } from '@residual/vision';
import type { ReadImageOptions } from '../read-image.ts';
import { fetchImage } from './fetch-image.ts';

/** Decodes a picture's file in a browser: an address, also relative to the page's, bytes or a Blob. */
export async function decode(
  input: string | URL | Uint8Array | ArrayBuffer | Blob,
  options: ReadImageOptions,
): Promise<PixelImage> {
  if (input instanceof Blob) return decodeBlob(input, options);
  if (typeof input === 'string' || input instanceof URL)
    return decodeBlob(await fetchImage(input, options.signal), options);
  return decodeBlob(new Blob([input as BlobPart]), options);
}
