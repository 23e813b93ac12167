import type { LoadReport } from './state-dict-vars.ts';

const marker: symbol = Symbol.for('residual.StateDictError');

/** A state dict does not fit the model; `report` has all of it, the message the first of each kind. */
export class StateDictError extends Error {
  readonly code = 'STATE_DICT_MISMATCH';
  readonly report: LoadReport;

  constructor(report: LoadReport) {
    super(describe(report));
    this.name = 'StateDictError';
    this.report = report;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is StateDictError {
    return error instanceof Error && marker in error;
  }
}

function describe({ mismatched, missing, unexpected }: LoadReport): string {
  const parts: string[] = [];
  const first = mismatched[0];
  if (first) {
    const layout = first.expected.length === 4 ? '; convolution weights are read as OIHW' : '';
    const expected = `${first.name}: expected [${first.expected.join(', ')}], got [${first.got.join(', ')}]${layout}`;
    parts.push(`${expected}${andMore(mismatched.length)}`);
  }
  if (missing.length > 0) parts.push(`missing ${missing[0]}${andMore(missing.length)}`);
  if (unexpected.length > 0) parts.push(`unexpected ${unexpected[0]}${andMore(unexpected.length)}`);
  return `the weights do not fit the model: ${parts.join('; ')}; pass {strict: false} to load only what fits`;
}

function andMore(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : '';
}
