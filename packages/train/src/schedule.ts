import { TrainError } from './train-error.ts';

/** The learning rate of a step, a pure function of its number, which counts from 0. */
export type Schedule = (step: number) => number;

/** The same at every step. */
export function constantRate(learningRate: number): Schedule {
  return () => learningRate;
}

/** Multiplied by `factor` (default 0.1) at each milestone. @see torch `lr_scheduler.MultiStepLR` */
export function multiStep(learningRate: number, milestones: readonly number[], factor = 0.1): Schedule {
  return (step) => learningRate * factor ** milestones.filter((milestone) => step >= milestone).length;
}

/** Half a cosine from `learningRate` to `lowest` (default 0) over `steps`. @see torch `lr_scheduler.CosineAnnealingLR` */
export function cosine(learningRate: number, steps: number, lowest = 0): Schedule {
  return (step) => {
    const share = Math.min(step / steps, 1);
    return lowest + ((learningRate - lowest) * (1 + Math.cos(Math.PI * share))) / 2;
  };
}

export interface OneCycleOptions {
  /** Share of the steps that rise; default 0.3. */
  readonly rising?: number;
  /** The highest rate over the first; default 25. */
  readonly startDivisor?: number;
  /** The first rate over the last; default 10,000. */
  readonly endDivisor?: number;
}

/** Up to `highest` and down again, each half a cosine. @see Smith & Topin 2018, arXiv:1708.07120; torch `lr_scheduler.OneCycleLR` */
export function oneCycle(highest: number, steps: number, options: OneCycleOptions = {}): Schedule {
  const { rising = 0.3, startDivisor = 25, endDivisor = 1e4 } = options;
  const [first, last] = [highest / startDivisor, highest / startDivisor / endDivisor];
  const top = rising * steps - 1;
  return (step) => {
    const [from, to, share] =
      step <= top ? [first, highest, top === 0 ? 1 : step / top] : [highest, last, (step - top) / (steps - 1 - top)];
    return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(share, 1)))) / 2;
  };
}

/** `schedule` after `steps` of rising to its first rate from `startFactor` of it (default 0.01). @see torch `lr_scheduler.LinearLR` */
export function linearWarmUp(schedule: Schedule, steps: number, startFactor = 0.01): Schedule {
  return chainSchedules(
    [[steps, (step) => schedule(0) * (startFactor + ((1 - startFactor) * step) / steps)]],
    schedule,
  );
}

/** Schedules one after another, each for its number of steps and counting from 0, then `last`. @see torch `lr_scheduler.SequentialLR` */
export function chainSchedules(parts: readonly (readonly [steps: number, Schedule])[], last: Schedule): Schedule {
  const bad = parts.find(([steps]) => !(Number.isInteger(steps) && steps >= 0));
  if (bad !== undefined)
    throw new TrainError('BAD_OPTION', 'schedule', `expected a whole number of steps for each part, got ${bad[0]}`);
  return (step) => {
    let rest = step;
    for (const [steps, schedule] of parts) {
      if (rest < steps) return schedule(rest);
      rest -= steps;
    }
    return last(rest);
  };
}
