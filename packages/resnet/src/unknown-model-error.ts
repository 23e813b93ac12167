const marker: symbol = Symbol.for('residual.UnknownModelError');

/** Names that the message gives. */
const SHOWN = 6;

/** No variant has this name; the message gives those most like it. */
export class UnknownModelError extends Error {
  readonly code = 'UNKNOWN_MODEL';
  readonly model: string;
  /** Every name there is, in the table's order. */
  readonly known: readonly string[];

  constructor(model: string, known: readonly string[]) {
    super(`no model '${model}'; of ${known.length}, the nearest are ${nearest(model, known).join(', ')}`);
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
  const byDistance = known.map((name) => ({ name, distance: editDistance(model.slice(0, 64), name) }));
  return byDistance
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SHOWN)
    .map(({ name }) => name);
}

/** Levenshtein's: letters put in, taken out or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === b[j] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
