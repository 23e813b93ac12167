import type { Prediction } from '@residual/vision';
import Table from 'cli-table3';

/** A table for people: each picture once, its classes below one another with their probabilities. */
export function predictionTable(answers: readonly { file: string; top: readonly Prediction[] }[]): string {
  const table = new Table({
    head: ['picture', 'class', 'probability'],
    colAligns: ['left', 'left', 'right'],
    style: { head: [], border: [] },
  });
  for (const { file, top } of answers)
    table.push([
      file,
      top.map(({ label, index }) => label ?? `class ${index}`).join('\n'),
      top.map(({ score }) => `${(score * 100).toFixed(2)} %`).join('\n'),
    ]);
  return table.toString();
}
