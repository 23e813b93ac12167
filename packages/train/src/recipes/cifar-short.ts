import type { Recipe } from '../recipe.ts';
import { cifarPaper } from './cifar-paper.ts';

/** For CIFAR in few epochs: up and down once, with Nesterov's momentum and more decay. @see Smith & Topin 2018, arXiv:1708.07120 */
export const cifarShort: Recipe = {
  ...cifarPaper,
  epochs: 18,
  optimizer: { sgd: { momentum: 0.9, nesterov: true, weightDecay: 5e-4 } },
  schedule: { oneCycle: { highest: 0.2, rising: 0.25, startDivisor: 10, endDivisor: 1000 } },
  decayNormAndBias: false,
};
