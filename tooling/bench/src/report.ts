import Table from 'cli-table3';
import type { BenchReport } from './bench.ts';
import { referenceName } from './materials.ts';
import type { Row } from './rows.ts';

const BAR_WIDTH = 24;

/** A table for people, with a bar for each time, and the ratios in words. */
export function formatReport({ cpu, threads, rows, ratios, missing }: BenchReport): string {
  const table = new Table({
    head: [
      'model',
      'engine',
      'batch',
      'ms per image',
      'min – max',
      '',
      'load ms',
      'first ms',
      'peak MB',
      'difference',
      'on',
    ],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  const slowest = Math.max(...rows.map(({ warmMs }) => warmMs));
  for (const row of rows) {
    table.push([
      row.model,
      nameOf(row),
      row.batch,
      row.warmMs.toFixed(2),
      row.spread.map((ms) => ms.toFixed(1)).join(' – '),
      '█'.repeat(Math.max(1, Math.round((row.warmMs / slowest) * BAR_WIDTH))),
      row.loadMs.toFixed(0),
      row.firstMs.toFixed(0),
      row.peakMB.toFixed(0),
      row.maxDiff.toExponential(1),
      row.device,
    ]);
  }
  const lines = [
    `${cpu}; ${threads} ${threads === 1 ? 'thread' : 'threads'}; medians; difference: largest, over the largest logit of ${referenceName}`,
    table.toString(),
    ...ratios.map(({ model, engine, precision, batch, peer, peerPrecision, ratio, spread }) => {
      const range = spread.map((value) => value.toFixed(2)).join(' – ');
      return `${model}, batch ${batch}: ${nameOf({ engine, precision })} is ${ratio.toFixed(2)}× as fast as ${nameOf({ engine: peer, precision: peerPrecision })} (${range})`;
    }),
    ...missing.map(({ engine, reason }) => `${engine} is left out: ${reason}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** `native bf16`, `onnxruntime-node (allow_spinning off)`. */
export function nameOf({ engine, precision, variant }: Pick<Row, 'engine' | 'precision' | 'variant'>): string {
  const numbers = precision === 'fp32' ? '' : ` ${precision}`;
  return `${engine}${numbers}${variant === undefined ? '' : ` (${variant})`}`;
}
