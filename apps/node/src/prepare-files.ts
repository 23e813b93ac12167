import type { PixelImage } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { mapLimited } from './map-limited.ts';
import { isKnown } from './report-error.ts';

/** A picture as the network takes it. */
export interface PreparedImage {
  readonly input: Float32Array;
}

/** A picture that cannot be used, in one line. */
export interface BadImage {
  readonly problem: string;
}

/** Decoded pictures are large: so many are in memory at a time. */
const CONCURRENCY = 4;

/** Decodes and prepares files; what is wrong with one is its result. */
export function prepareFiles(
  files: readonly string[],
  prepare: (image: PixelImage) => Float32Array,
): Promise<(PreparedImage | BadImage)[]> {
  return mapLimited(files, CONCURRENCY, async (file) => {
    try {
      return { input: prepare(await decodeImage(file)) };
    } catch (error) {
      if (isKnown(error)) return { problem: error.message };
      throw error;
    }
  });
}
