import type { PixelImage } from '@residual/vision';
import type { DataSet } from '../data-set.ts';
import { builtModule } from './built-module.ts';

const EDGE_PX = 32;
const IMAGE_BYTES = 3 * EDGE_PX * EDGE_PX;

/** Pictures of 32 × 32 pixels in memory that threads share. */
export interface CifarPixels {
  /** `[N, 32, 32, 3] uint8`. */
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
  readonly classes: readonly string[];
}

export function openDataSet(data: CifarPixels): DataSet {
  const { pixels, labels, classes } = data;
  return {
    size: labels.length,
    classes,
    read(index) {
      const bytes = pixels.subarray(index * IMAGE_BYTES, (index + 1) * IMAGE_BYTES);
      const image: PixelImage = { width: EDGE_PX, height: EDGE_PX, channels: 3, data: bytes };
      return { image, label: labels[index]! };
    },
    portable: { module: builtModule('cifar-pixels').href, data },
  };
}
