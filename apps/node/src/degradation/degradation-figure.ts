import type { TopLevelSpec } from 'vega-lite';
import type { DegradationMetrics, DegradationRun } from './degradation-metrics.ts';

type Panel = Extract<TopLevelSpec, { hconcat: unknown }>['hconcat'][number];

/** What is above, the nets' first epoch or two, is cut off. */
const HIGHEST_ERROR = 60;

const families = [
  { title: 'plain nets', prefix: 'plain' },
  { title: 'residual nets', prefix: 'resnet' },
] as const;

/** Error by epoch, dashed in training and solid in testing, plain nets beside residual ones. @see He et al. 2015, figures 1 and 6 */
export function degradationFigure({ runs }: DegradationMetrics): TopLevelSpec {
  const shown = families.filter(({ prefix }) => runs.some(({ model }) => model.startsWith(prefix)));
  const values = runs.flatMap(points);
  const highest = Math.min(HIGHEST_ERROR, Math.max(...values.map(({ error }) => error)));
  const panels = shown.map(
    ({ title, prefix }): Panel => ({
      title,
      width: 340,
      height: 320,
      data: { values: values.filter(({ model }) => model.startsWith(prefix)) },
      mark: { type: 'line', clip: true },
      encoding: {
        x: { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { format: 'd' } },
        y: { field: 'error', type: 'quantitative', title: 'error (%)', scale: { domain: [0, highest] } },
        color: { field: 'layers', type: 'nominal', title: 'layers', scale: { range: ['#e45756', '#4c78a8', '#333'] } },
        strokeDash: {
          field: 'part',
          type: 'nominal',
          title: null,
          sort: ['training', 'test'],
          scale: {
            domain: ['training', 'test'],
            range: [
              [4, 3],
              [1, 0],
            ],
          },
        },
        detail: { field: 'seed', type: 'nominal' },
      },
    }),
  );
  return { background: 'white', hconcat: panels };
}

function points({ model, seed, trainError, testError }: DegradationRun) {
  const layers = /\d+$/.exec(model)![0];
  const part = (name: string, errors: readonly number[]) =>
    errors.map((error, index) => ({ model, layers, seed, epoch: index + 1, part: name, error }));
  return [...part('training', trainError), ...part('test', testError)];
}
