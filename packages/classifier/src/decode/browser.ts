import { decodeBlob, type PixelImage } from '@residual/vision';
import type { ImageFile, ReadImageOptions } from '../read-image.ts';
import { decodeNamed } from './decode-named.ts';
import { addressName, fetchImage } from './fetch-image.ts';

/** Decodes a picture's file in a browser: an address, also relative to the page's, bytes or a Blob. */
export async function decode(input: ImageFile, options: ReadImageOptions): Promise<PixelImage> {
  if (input instanceof Blob) return decodeBlob(input, options);
  if (typeof input !== 'string' && !(input instanceof URL)) return decodeBlob(new Blob([input as BlobPart]), options);
  const fetched = await fetchImage(input, { signal: options.signal });
  return decodeNamed(addressName(input), () => decodeBlob(fetched, options));
}
