import type { Summary } from '../summary.ts';
import { columns } from './columns.ts';

/** A summary as a table for people, with the totals in the last line. */
export function formatSummary({ layers, parameters, multiplyAdds, activations }: Summary): string {
  const count = (number: number): string => (number === 0 ? '' : number.toLocaleString('en-US'));
  return columns(
    [
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
    ],
    [3, 4, 5],
  );
}
