import { fileURLToPath } from 'node:url';
import type { PixelImage } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import type { ReadImageOptions } from '../read-image.ts';
import { fetchImage, isWebAddress } from './fetch-image.ts';

/** Decodes a picture's file in Node: a path, an address, bytes or a Blob. */
export async function decode(
  input: string | URL | Uint8Array | ArrayBuffer | Blob,
  options: ReadImageOptions,
): Promise<PixelImage> {
  if (input instanceof Blob) return decodeImage(await input.arrayBuffer(), options);
  if (isWebAddress(input)) return decodeImage(await (await fetchImage(input, options.signal)).arrayBuffer(), options);
  return decodeImage(input instanceof URL ? fileURLToPath(input) : input, options);
}
