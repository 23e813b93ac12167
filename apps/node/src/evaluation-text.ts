import type { Evaluation } from '@residual/train';
import Table from 'cli-table3';

/** More classes than these are not drawn against one another. */
const SHOWN_CLASSES = 20;
const LEAST_ACCURATE = 10;

/** An evaluation for people: what is right over all, then by class. */
export function evaluationText(evaluation: Evaluation, classes: readonly string[]): string {
  const { correct, total, top1, top5, loss, calibrationError } = evaluation;
  return [
    `${correct} of ${total} pictures right: top-1 ${percent(top1)} %, top-5 ${percent(top5)} %`,
    `loss ${loss.toFixed(4)}, calibration error ${calibrationError.toFixed(4)}`,
    classes.length <= SHOWN_CLASSES ? confusionTable(evaluation, classes) : leastAccurate(evaluation, classes),
  ].join('\n');
}

/** An evaluation for scripts; a class without pictures has `null`. */
export function evaluationJson(evaluation: Evaluation, classes: readonly string[]): string {
  const { top1, top5, perClass, ...others } = evaluation;
  const rounded = { top1: percent(top1), top5: percent(top5), perClass: perClass.map(percent) };
  const { correct, total, loss, calibrationError, confusion } = others;
  return JSON.stringify({ correct, total, ...rounded, loss, calibrationError, classes, confusion });
}

function confusionTable({ confusion, perClass }: Evaluation, classes: readonly string[]): string {
  const table = new Table({
    head: ['true class', 'right', ...classes.map((name) => name.slice(0, 5))],
    colAligns: ['left', ...classes.map((): 'right' => 'right'), 'right'],
    style: { head: [], border: [], compact: true, 'padding-left': 0 },
  });
  for (const [label, row] of confusion.entries())
    table.push([classes[label]!, share(perClass[label]!), ...row.map((count) => (count === 0 ? '·' : String(count)))]);
  return table.toString();
}

function leastAccurate({ perClass }: Evaluation, classes: readonly string[]): string {
  const table = new Table({
    head: ['class, the least accurate', 'right'],
    colAligns: ['left', 'right'],
    style: { head: [], border: [], compact: true },
  });
  const seen = [...perClass.entries()].filter(([, accuracy]) => !Number.isNaN(accuracy));
  seen.sort(([, a], [, b]) => a - b);
  for (const [label, accuracy] of seen.slice(0, LEAST_ACCURATE)) table.push([classes[label]!, share(accuracy)]);
  return table.toString();
}

function share(accuracy: number): string {
  return Number.isNaN(accuracy) ? 'none' : `${accuracy.toFixed(2)} %`;
}

/** To a thousandth. */
function percent(value: number): number {
  return Number(value.toFixed(3));
}
