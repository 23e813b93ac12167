import type { Heatmap } from './explanation.ts';

/** A map at another size, bilinearly between the centres of its pixels. @see torch `F.interpolate(mode='bilinear', align_corners=False)` */
export function upsample(map: Heatmap, width: number, height: number): Heatmap {
  const columns = positions(map.width, width);
  const rows = positions(map.height, height);
  const data = new Float32Array(width * height);
  for (const [y, row] of rows.entries()) {
    for (const [x, column] of columns.entries()) {
      const at = (i: number, j: number): number => map.data[i * map.width + j]!;
      const above = blend(at(row.low, column.low), at(row.low, column.high), column.share);
      const below = blend(at(row.high, column.low), at(row.high, column.high), column.share);
      data[y * width + x] = blend(above, below, row.share);
    }
  }
  return { width, height, data };
}

/** The map divided by its highest value, where that is above 0. */
export function toUnitRange({ width, height, data }: Heatmap): Heatmap {
  const highest = data.reduce((most, value) => Math.max(most, value), 0);
  return { width, height, data: highest > 0 ? data.map((value) => value / highest) : data };
}

interface Position {
  readonly low: number;
  readonly high: number;
  /** Of `high`. */
  readonly share: number;
}

function positions(from: number, to: number): Position[] {
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.floor(centre);
    return { low, high: Math.min(low + 1, from - 1), share: centre - low };
  });
}

function blend(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
