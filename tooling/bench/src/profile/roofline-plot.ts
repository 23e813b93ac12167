import type { TopLevelSpec } from 'vega-lite';
import type { ProfiledModel, ProfileReport } from './profile-bench.ts';
import { bytesOf } from './roofline.ts';

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];

/** Steps that multiply, by multiply-adds a byte and a second, under the machine's roof; a panel for each model and engine. */
export function rooflinePlot({ cpu, profiles }: ProfileReport): TopLevelSpec {
  return {
    title: { text: 'Steps under the roofline', subtitle: [cpu, "a circle's area is its step's time"] },
    background: 'white',
    vconcat: profiles.map(panel),
  };
}

function panel({ model, batch, engine, isTraining, roofline }: ProfiledModel): Panel {
  const { steps, limits } = roofline;
  const points = steps
    .filter(({ multiplyAdds, timeMs }) => multiplyAdds > 0 && timeMs > 0)
    .map((step) => ({
      name: step.name,
      algorithm: step.algorithm,
      ms: step.timeMs,
      intensity: step.multiplyAdds / bytesOf(step),
      rate: step.multiplyAddsPerSecond / 1e9,
    }));
  const peak = limits.multiplyAddsPerSecond / 1e9;
  const knee = limits.multiplyAddsPerSecond / limits.bytesPerSecond;
  const intensities = [knee, ...points.map(({ intensity }) => intensity)];
  const [least, most] = [Math.min(...intensities) / 2, 2 * Math.max(...intensities)];
  const roof = [
    { intensity: least, rate: (peak * least) / knee },
    { intensity: knee, rate: peak },
    { intensity: most, rate: peak },
  ];
  const x = {
    field: 'intensity',
    type: 'quantitative' as const,
    title: 'multiply-adds a byte',
    scale: { type: 'log' as const, domain: [least, most] },
  };
  const y = { field: 'rate', type: 'quantitative', title: 'GMAC/s', scale: { type: 'log' } } as const;
  return {
    title: `${model}${isTraining ? ', a step of training' : ''}, batch ${batch}, ${engine}`,
    width: 520,
    height: 300,
    layer: [
      { data: { values: roof }, mark: { type: 'line', color: '#888' }, encoding: { x, y } },
      {
        data: { values: points },
        mark: { type: 'point', filled: true, opacity: 0.7 },
        encoding: {
          x,
          y,
          size: { field: 'ms', type: 'quantitative', title: 'ms', scale: { rangeMin: 8 } },
          color: { field: 'algorithm', type: 'nominal' },
          tooltip: [{ field: 'name' }, { field: 'algorithm' }, { field: 'ms', format: '.3f' }],
        },
      },
    ],
  };
}
