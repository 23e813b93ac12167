import { add, mul, sub } from '@tensorflow/tfjs-core';
import { checkNumber } from './check-number.ts';
import type { Optimizer } from './optimizer.ts';

export interface SgdOptions {
  /** Default 0.9. */
  readonly momentum?: number;
  /** Default false. */
  readonly nesterov?: boolean;
  /** Added to the gradient, times the parameter; default 0. */
  readonly weightDecay?: number;
}

/** Gradient descent with momentum. @throws TrainError `BAD_OPTION` @see torch `optim.SGD` */
export function sgd({ momentum = 0.9, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  checkNumber('momentum', momentum, { from: 0, below: 1 });
  checkNumber('weightDecay', weightDecay, { from: 0 });
  return {
    slots: momentum === 0 ? [] : ['momentum'],
    weightDecay,
    numbers: () => ({}),
    update(parameter, gradient, [velocity], { learningRate, weightDecay }) {
      const slope = weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));
      if (velocity === undefined) return { parameter: sub(parameter, mul(slope, learningRate)), slots: [] };
      const moved = add(mul(velocity, momentum), slope);
      const direction = nesterov ? add(slope, mul(moved, momentum)) : moved;
      return { parameter: sub(parameter, mul(direction, learningRate)), slots: [moved] };
    },
  };
}
