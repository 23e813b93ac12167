import type { TopLevelSpec } from 'vega-lite';
import type { BenchReport } from './bench.ts';
import { nameOf } from './report.ts';
import type { Row } from './rows.ts';

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];

/** Times per image as bars, the fastest first, with the fastest and slowest sample as a line; a panel for each model and batch. */
export function timesPlot({ cpu, threads, rows }: BenchReport): TopLevelSpec {
  const panels = new Map<string, Row[]>();
  for (const row of rows) {
    const title = `${row.model}, batch ${row.batch}`;
    panels.set(title, [...(panels.get(title) ?? []), row]);
  }
  return {
    title: { text: 'Milliseconds per image', subtitle: `${cpu}; ${threads} threads; medians of runs in turn` },
    background: 'white',
    vconcat: [...panels].map(([title, panelRows]) => panel(title, panelRows)),
  };
}

function panel(title: string, rows: readonly Row[]): Panel {
  const values = [...rows]
    .sort((a, b) => a.warmMs - b.warmMs)
    .map((row) => ({ name: nameOf(row), ms: row.warmMs, min: row.spread[0], max: row.spread[1] }));
  const y = { field: 'name', type: 'nominal', title: null, sort: null, axis: { labelLimit: 400 } } as const;
  return {
    title,
    width: 520,
    height: { step: 26 },
    data: { values },
    layer: [
      { mark: 'bar', encoding: { y, x: { field: 'ms', type: 'quantitative', title: 'ms per image' } } },
      { mark: 'rule', encoding: { y, x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } } },
      {
        mark: { type: 'text', align: 'left', dx: 4, dy: -7, fontSize: 10 },
        encoding: {
          y,
          x: { field: 'ms', type: 'quantitative' },
          text: { field: 'ms', type: 'quantitative', format: '.1f' },
        },
      },
    ],
  };
}
