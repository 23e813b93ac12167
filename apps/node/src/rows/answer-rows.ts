import type { Prediction } from '@residual/vision';
import {
  type DescribedRow,
  description,
  jsonLines,
  type ParquetList,
  parquetLists,
  type RowFormat,
  shortest,
} from './row-format.ts';

/** What a picture shows: the likeliest classes, and where they are asked for all logits. */
export interface AnswerRow extends DescribedRow {
  readonly top: readonly Prediction[];
  readonly logits?: Float32Array;
}

/** Rows by their files' names: JSON has `top`, Parquet the same as lists `index`, `label` and `score`. */
export function answerRows(isDescribed: boolean, withLogits: boolean): readonly RowFormat<AnswerRow>[] {
  const lists: ParquetList<AnswerRow>[] = [
    { name: 'index', type: 'INT32', values: ({ top }) => top.map(({ index }) => index) },
    { name: 'label', type: 'STRING', values: ({ top }) => top.map(({ label }) => label) },
    { name: 'score', type: 'DOUBLE', values: ({ top }) => top.map(({ score }) => score) },
  ];
  if (withLogits) lists.push({ name: 'logits', type: 'FLOAT', values: ({ logits = [] }) => Array.from(logits) });
  return [
    jsonLines(({ file, top, logits, ...rest }) => ({
      file,
      ...description(rest),
      top,
      ...(logits && { logits: Array.from(logits, shortest) }),
    })),
    parquetLists({ isDescribed, lists }),
  ];
}
