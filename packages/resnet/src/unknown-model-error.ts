import { didYouMean, nameDistance } from './did-you-mean.ts';

const marker: symbol = Symbol.for('residual.UnknownModelError');

/** Names that the message gives. */
const SHOWN = 6;

/** No variant has this name; the message gives the one that was meant, or those most like it. */
export class UnknownModelError extends Error {
  readonly code = 'UNKNOWN_MODEL';
  readonly model: string;
  /** Every name there is, in the table's order. */
  readonly known: readonly string[];

  constructor(model: string, known: readonly string[]) {
    const nearby = `; of ${known.length}, the nearest are ${nearest(model, known).join(', ')}`;
    super(`no model '${model}'${didYouMean(model, known) || nearby}`);
    this.name = 'UnknownModelError';
    this.model = model;
    this.known = known;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is UnknownModelError {
    return error instanceof Error && marker in error;
  }
}

function nearest(model: string, known: readonly string[]): readonly string[] {
  const byDistance = known.map((name) => ({ name, distance: nameDistance(model, name) }));
  return byDistance
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SHOWN)
    .map(({ name }) => name);
}
