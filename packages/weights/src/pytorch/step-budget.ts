import { PickleError } from './pickle-error.ts';

/** A state dict of ResNet-152 with its optimiser takes about 100,000. */
const maxSteps = 4_000_000;

/** The steps that a file's pickles may still take, those inside of others too. */
export class StepBudget {
  #left = maxSteps;

  /** @throws PickleError (`too-large`) */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new PickleError('too-large', `expected at most ${maxSteps} steps in a pickle`);
  }
}
