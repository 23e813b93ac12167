const marker: symbol = Symbol.for('residual.TrainError');

/**
 * `LOSS_NOT_FINITE`: the loss or a parameter is NaN or infinite; `BAD_OPTION`: an option that cannot be; `BAD_DATA`: a data
 * set that is not what it should be; `BAD_CHECKPOINT`: one that is not this model's or is damaged; `UNWRITABLE`: a
 * checkpoint that cannot be written; `NO_GRADIENTS`: tfjs's gradients are not registered.
 */
export type TrainErrorCode =
  | 'LOSS_NOT_FINITE'
  | 'BAD_OPTION'
  | 'BAD_DATA'
  | 'BAD_CHECKPOINT'
  | 'UNWRITABLE'
  | 'NO_GRADIENTS';

/** Training cannot go on; the message says where, what was expected, what there is and what to do. */
export class TrainError extends Error {
  readonly code: TrainErrorCode;
  /** An option, a file, a folder or a step. */
  readonly place: string;

  constructor(code: TrainErrorCode, place: string, problem: string, cause?: unknown) {
    super(`${place}: ${problem}`, cause === undefined ? undefined : { cause });
    this.name = 'TrainError';
    this.code = code;
    this.place = place;
    Object.defineProperty(this, marker, { value: true });
  }

  static isInstance(error: unknown): error is TrainError {
    return error instanceof Error && marker in error;
  }
}
