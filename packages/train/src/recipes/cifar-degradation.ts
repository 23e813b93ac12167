import type { Recipe } from '../recipe.ts';
import { cifarPaper } from './cifar-paper.ts';

/** For the degradation experiment: one that plain nets of 56 layers survive, in a tenth of the paper's epochs. */
export const cifarDegradation: Recipe = {
  ...cifarPaper,
  epochs: 15,
  optimizer: { sgd: { momentum: 0.9, nesterov: true, weightDecay: 5e-4 } },
  schedule: { oneCycle: { highest: 0.1, rising: 0.2, startDivisor: 10, endDivisor: 1000 } },
  decayNormAndBias: false,
};
