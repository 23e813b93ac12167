import type { LoadReport } from '@residual/blocks';

const marker: symbol = Symbol.for('residual.WeightsMismatchError');

/** Weights that are not the model's, or no model's; `fits` names the variants whose they are. */
export class WeightsMismatchError extends Error {
  readonly code = 'WEIGHTS_MISMATCH';
  /** Name of the weights. */
  readonly source: string;
  /** Name of the model that was asked for, if one was. */
  readonly model: string | undefined;
  /** Variants that the weights fit, whatever their number of classes. */
  readonly fits: readonly string[];
  /** How the weights differ from the model that was asked for, else from the nearest. */
  readonly report: LoadReport;

  constructor(fields: {
    source: string;
    model: string | undefined;
    fits: readonly string[];
    report: LoadReport;
    problem: string;
  }) {
    super(`${fields.source}: ${fields.problem}`);
    this.name = 'WeightsMismatchError';
    this.source = fields.source;
    this.model = fields.model;
    this.fits = fields.fits;
    this.report = fields.report;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is WeightsMismatchError {
    return error instanceof Error && marker in error;
  }
}
