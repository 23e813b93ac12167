import type { Prediction } from '@residual/vision';
import { textTable } from './terminal/text-table.ts';

/** A table for people: each picture once, its classes below one another with their probabilities. */
export function predictionTable(
  answers: readonly { readonly file: string; readonly top: readonly Prediction[] }[],
): readonly string[] {
  return textTable(
    [
      { head: 'picture', cut: 'start' },
      { head: 'class', cut: 'end' },
      { head: 'probability', align: 'right' },
    ],
    answers.map(({ file, top }) => [
      file,
      top.map(({ label, index }) => label ?? `class ${index}`),
      top.map(({ score }) => `${(score * 100).toFixed(2)} %`),
    ]),
  );
}
