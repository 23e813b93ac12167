import { add, div, mul, sqrt, square, sub } from '@tensorflow/tfjs-core';
import { checkNumber } from './check-number.ts';
import type { Optimizer } from './optimizer.ts';

export interface AdamWOptions {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** Applied to the parameter, times the learning rate; default 0.01. */
  readonly weightDecay?: number;
}

/** Adam with decoupled weight decay. @throws TrainError `BAD_OPTION` @see Loshchilov & Hutter 2019, arXiv:1711.05101; torch `optim.AdamW` */
export function adamw(options: AdamWOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
  for (const [name, beta] of Object.entries({ beta1, beta2 })) checkNumber(name, beta, { from: 0, below: 1 });
  checkNumber('epsilon', epsilon, { above: 0 });
  checkNumber('weightDecay', weightDecay, { from: 0 });
  return {
    slots: ['mean', 'square'],
    weightDecay,
    numbers: (step) => ({ meanCorrection: 1 - beta1 ** step, deviationCorrection: Math.sqrt(1 - beta2 ** step) }),
    update(parameter, gradient, [mean, squares], { learningRate, weightDecay, numbers }) {
      const kept = weightDecay === 0 ? parameter : sub(parameter, mul(parameter, mul(learningRate, weightDecay)));
      const newMean = add(mul(mean!, beta1), mul(gradient, 1 - beta1));
      const newSquares = add(mul(squares!, beta2), mul(square(gradient), 1 - beta2));
      const deviation = add(div(sqrt(newSquares), numbers['deviationCorrection']!), epsilon);
      const stepSize = div(learningRate, numbers['meanCorrection']!);
      return { parameter: sub(kept, mul(stepSize, div(newMean, deviation))), slots: [newMean, newSquares] };
    },
  };
}
