import { DecodeError, type PixelImage } from '@residual/vision';

/** Decodes what came from `source`, which its errors name in place of the bytes. */
export async function decodeNamed(source: string, decode: () => Promise<PixelImage>): Promise<PixelImage> {
  try {
    return await decode();
  } catch (error) {
    throw DecodeError.isInstance(error) ? error.of(source) : error;
  }
}
