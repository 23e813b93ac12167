import Table from 'cli-table3';
import { referenceName } from '../materials.ts';
import type { BrowserReport } from './browser-bench.ts';

/** A table for people, and the ratios in words. */
export function formatBrowserReport({ cpu, browser, rows, ratios, missing }: BrowserReport): string {
  const table = new Table({
    head: [
      'model',
      'engine',
      'ms',
      'min – max',
      'load ms',
      'first ms',
      'dispatches',
      'submits',
      'pipelines',
      'buffers',
      'GPU MB',
      'difference',
    ],
    colAligns: ['left', 'left', ...new Array<'right'>(10).fill('right')],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push([
      row.model,
      row.engine,
      row.warmMs.toFixed(0),
      row.spread.map((ms) => ms.toFixed(0)).join(' – '),
      row.loadMs.toFixed(0),
      row.firstMs.toFixed(0),
      row.dispatches,
      row.submits,
      row.pipelines,
      row.buffers,
      row.gpuMB.toFixed(0),
      row.maxDiff.toExponential(1),
    ]);
  }
  const lines = [
    `${browser}; ${cpu}; medians; difference: largest, over the largest logit of ${referenceName}`,
    table.toString(),
    ...rows.map(({ model, engine, device }) => `${model}: ${engine} is ${device}`),
    ...ratios.map(
      ({ model, engine, peer, ratio, spread }) =>
        `${model}: ${engine} is ${ratio.toFixed(2)}× as fast as ${peer} (${spread.map((value) => value.toFixed(2)).join(' – ')})`,
    ),
    ...missing.map(({ engine, reason }) => `${engine} is left out: ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}
