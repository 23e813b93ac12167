import { TrainError } from './train-error.ts';

export interface NumberRange {
  /** The lowest that there may be. */
  readonly from?: number;
  /** What all must be above, or below. */
  readonly above?: number;
  readonly below?: number;
  readonly isWhole?: boolean;
}

/** @throws TrainError `BAD_OPTION` for an option that is there and not a number of the range. */
export function checkNumber(name: string, value: unknown, { from, above, below, isWhole }: NumberRange): void {
  if (value === undefined) return;
  const isNumber = typeof value === 'number' && Number.isFinite(value) && (!isWhole || Number.isInteger(value));
  const isIn = (limit: number | undefined, holds: (limit: number) => boolean): boolean =>
    limit === undefined || holds(limit);
  const number = value as number;
  if (
    isNumber &&
    isIn(from, (limit) => number >= limit) &&
    isIn(above, (limit) => number > limit) &&
    isIn(below, (limit) => number < limit)
  )
    return;
  const limits = [
    from === undefined ? '' : ` from ${from}`,
    above === undefined ? '' : ` above ${above}`,
    below === undefined ? '' : ` below ${below}`,
  ].join('');
  const expected = `expected a ${isWhole ? 'whole ' : ''}number${limits}, got ${String(value)}`;
  throw new TrainError('BAD_OPTION', name, expected);
}
