import { decodeBlob, type PixelImage } from '@residual/vision';
import { fetchImage } from './fetch-image.ts';

/** Decodes a picture's file in a browser: an address, also relative to the page's, bytes or a Blob. */
export async function decode(
  input: string | URL | Uint8Array | ArrayBuffer | Blob,
  signal: AbortSignal | undefined,
): Promise<PixelImage> {
  if (input instanceof Blob) return decodeBlob(input);
  if (typeof input === 'string' || input instanceof URL) return decodeBlob(await fetchImage(input, signal));
  return decodeBlob(new Blob([input as BlobPart]));
}
