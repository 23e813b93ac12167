import type { PixelImage } from '@residual/vision';
import type { Explanation } from './explanation.ts';

/**
 * The crop that the network saw under its heatmap in colour, from blue to red: an RGB picture.
 *
 * @param opacity of the colours, from 0 to 1; default 0.5.
 */
export function overlay({ crop, heatmap }: Pick<Explanation, 'crop' | 'heatmap'>, opacity = 0.5): PixelImage {
  const data = new Uint8ClampedArray(crop.data.length);
  for (const [pixel, value] of heatmap.data.entries()) {
    for (const [channel, level] of jet(value).entries()) {
      const at = 3 * pixel + channel;
      data[at] = (1 - opacity) * crop.data[at]! + opacity * 255 * level;
    }
  }
  return { width: crop.width, height: crop.height, channels: 3, data };
}

/** Red, green and blue, from 0 to 1. @see matplotlib `cm.jet`, whose corners are a little softer */
function jet(value: number): [number, number, number] {
  const level = (centre: number): number => Math.min(1, Math.max(0, 1.5 - Math.abs(4 * value - centre)));
  return [level(3), level(2), level(1)];
}
