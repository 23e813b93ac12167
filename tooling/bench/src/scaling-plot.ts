import type { TopLevelSpec } from 'vega-lite';

/** The time of one run, at a batch or a size of pictures. */
export interface ScalingPoint {
  readonly engine: string;
  /** What grows along the line that the point is on. */
  readonly along: 'batch' | 'pixels';
  /** Of the whole batch. */
  readonly megapixels: number;
  readonly ms: number;
}

/** Time over megapixels, both logarithmic, where growth in proportion is a line at 45°; dashed is that line through the largest. */
export function scalingPlot(points: readonly ScalingPoint[], subtitle: string): TopLevelSpec {
  const x = { field: 'megapixels', type: 'quantitative', scale: { type: 'log' } } as const;
  const y = { field: 'ms', type: 'quantitative', scale: { type: 'log' }, title: 'ms per run' } as const;
  const color = { field: 'engine', type: 'nominal', title: null } as const;
  return {
    title: { text: 'Time over pixels', subtitle },
    background: 'white',
    hconcat: (['batch', 'pixels'] as const).map((along) => {
      const line = points.filter((point) => point.along === along);
      const title = along === 'batch' ? 'more pictures of 224 × 224' : 'one picture, 64 × 64 to 1024 × 1024';
      return {
        title,
        width: 340,
        height: 300,
        layer: [
          {
            data: { values: inProportion(line) },
            mark: { type: 'line', strokeDash: [4, 4], opacity: 0.6 },
            encoding: { x: { ...x, title: 'megapixels' }, y, color },
          },
          { data: { values: [...line] }, mark: { type: 'line', point: true }, encoding: { x, y, color } },
        ],
      };
    }),
  };
}

function inProportion(points: readonly ScalingPoint[]): ScalingPoint[] {
  return points.map((point) => {
    const own = points.filter(({ engine }) => engine === point.engine);
    const largest = own.reduce((a, b) => (b.megapixels > a.megapixels ? b : a));
    return { ...point, ms: (largest.ms / largest.megapixels) * point.megapixels };
  });
}
