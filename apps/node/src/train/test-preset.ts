import type { Preset } from '@residual/vision';
import { parseDataSource } from '../data/data-source.ts';
import type { RunSettings } from './run-folder.ts';

/** How a run's test pictures are prepared: CIFAR's are resized to what the model sees, others cropped to seven eighths. */
export function testPreset({ data, recipe }: RunSettings): Preset {
  const { sizePx, mean, std } = recipe;
  const isCropped = parseDataSource(data).kind === 'folder';
  const resizePx = isCropped ? Math.round(sizePx / 0.875) : sizePx;
  return { resizePx, cropPx: sizePx, interpolation: 'bilinear', mean, std };
}
