import type { Evaluation } from '@residual/train';
import { fitText } from './terminal/fit-text.ts';
import { fitsTerminal, textTable } from './terminal/text-table.ts';

/** More classes than these are not drawn against one another. */
const SHOWN_CLASSES = 20;
const LEAST_ACCURATE = 10;

/** An evaluation for people: what is right over all, then by class. */
export function evaluationLines(
  evaluation: Evaluation,
  classes: readonly string[],
  unusable: number,
): readonly string[] {
  const { correct, total, top1, top5, loss, calibrationError } = evaluation;
  const bad = unusable > 0 ? `; ${unusable} more not to be used` : '';
  return [
    `${correct} of ${total} pictures right: top-1 ${percent(top1)} %, top-5 ${percent(top5)} %${bad}`,
    `loss ${loss.toFixed(4)}, calibration error ${calibrationError.toFixed(4)}`,
    ...classTable(evaluation, classes),
  ];
}

/** An evaluation for scripts; a class without pictures has `null`. */
export function evaluationFacts(evaluation: Evaluation, classes: readonly string[], unusable: number): object {
  const { top1, top5, perClass, ...others } = evaluation;
  const rounded = { top1: percent(top1), top5: percent(top5), perClass: perClass.map(percent) };
  const { correct, total, loss, calibrationError, confusion } = others;
  return { correct, total, unusable, ...rounded, loss, calibrationError, classes, confusion };
}

/** Every class against every other, where there is room for that. */
function classTable(evaluation: Evaluation, classes: readonly string[]): readonly string[] {
  const table = classes.length <= SHOWN_CLASSES ? confusionTable(evaluation, classes) : undefined;
  return table !== undefined && fitsTerminal(table) ? table : leastAccurate(evaluation, classes);
}

function confusionTable({ confusion, perClass }: Evaluation, classes: readonly string[]): readonly string[] {
  return textTable(
    [
      { head: 'true class' },
      { head: 'right', align: 'right' },
      ...classes.map((name) => ({ head: fitText(name, 5, 'end'), align: 'right' as const })),
    ],
    [...confusion.entries()].map(([label, row]) => [
      classes[label]!,
      share(perClass[label]!),
      ...row.map((count) => (count === 0 ? '·' : String(count))),
    ]),
    { style: 'dense' },
  );
}

function leastAccurate({ perClass }: Evaluation, classes: readonly string[]): readonly string[] {
  const seen = [...perClass.entries()].filter(([, accuracy]) => !Number.isNaN(accuracy));
  seen.sort(([, a], [, b]) => a - b);
  return textTable(
    [
      { head: 'class, the least accurate', cut: 'end' },
      { head: 'right', align: 'right' },
    ],
    seen.slice(0, LEAST_ACCURATE).map(([label, accuracy]) => [classes[label]!, share(accuracy)]),
    { style: 'compact' },
  );
}

function share(accuracy: number): string {
  return Number.isNaN(accuracy) ? 'none' : `${accuracy.toFixed(2)} %`;
}

/** To a thousandth. */
function percent(value: number): number {
  return Number(value.toFixed(3));
}
