import type { Summary } from '../summary.ts';
import { columns } from './columns.ts';

/** A summary as a table for people, with the totals in the last line. */
export function formatSummary(summary: Summary): string {
  return columns(summaryRows(summary), [3, 4, 5]);
}

/** The cells of that table, row by row: names of the columns first, totals last; the last three columns are numbers. */
export function summaryRows({
  layers,
  parameters,
  multiplyAdds,
  activations,
}: Summary): readonly (readonly string[])[] {
  const count = (number: number): string => (number === 0 ? '' : number.toLocaleString('en-US'));
  return [
    ['layer', 'operation', 'output', 'parameters', 'multiply-adds', 'activations'],
    ...layers.map((layer) => [
      layer.label,
      layer.op,
      `[${layer.outputShape.join(', ')}]`,
      count(layer.parameters),
      count(layer.multiplyAdds),
      count(layer.activations),
    ]),
    ['total', '', '', count(parameters), count(multiplyAdds), count(activations)],
  ];
}
