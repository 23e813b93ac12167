import { IMAGENET_MEAN, IMAGENET_STD } from '@residual/vision';
import type { Recipe } from '../recipe.ts';

/** The paper's for CIFAR-10: 64,000 steps, the rate a tenth at half and at three quarters. @see He et al. 2015, section 4.2 */
export const cifarPaper: Recipe = {
  epochs: 164,
  batchSize: 128,
  sizePx: 32,
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
  optimizer: { sgd: { momentum: 0.9, weightDecay: 1e-4 } },
  schedule: { multiStep: { learningRate: 0.1, milestones: [0.5, 0.75] } },
  augment: [{ randomCrop: { sizePx: 32, paddingPx: 4 } }, { randomFlip: {} }],
};
