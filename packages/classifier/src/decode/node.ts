import { fileURLToPath } from 'node:url';
import type { PixelImage } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { fetchImage, isWebAddress } from './fetch-image.ts';

/** Decodes a picture's file in Node: a path, an address, bytes or a Blob. */
export async function decode(
  input: string | URL | Uint8Array | ArrayBuffer | Blob,
  signal: AbortSignal | undefined,
): Promise<PixelImage> {
  if (input instanceof Blob) return decodeImage(await input.arrayBuffer());
  if (isWebAddress(input)) return decodeImage(await (await fetchImage(input, signal)).arrayBuffer());
  return decodeImage(input instanceof URL ? fileURLToPath(input) : input);
}
