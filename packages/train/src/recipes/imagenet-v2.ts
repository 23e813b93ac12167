import { IMAGENET_MEAN, IMAGENET_STD } from '@residual/vision';
import type { Recipe } from '../recipe.ts';

/** torchvision's second for ImageNet, for 8 × 128 pictures a step. @see https://github.com/pytorch/vision/issues/3995 */
export const imagenetV2: Recipe = {
  epochs: 600,
  batchSize: 128,
  accumulate: 8,
  sizePx: 176,
  mean: IMAGENET_MEAN,
  std: IMAGENET_STD,
  optimizer: { sgd: { momentum: 0.9, weightDecay: 2e-5 } },
  schedule: { cosine: { learningRate: 0.5 } },
  warmUpEpochs: 5,
  augment: [
    { randomResizedCrop: { sizePx: 176 } },
    { randomFlip: {} },
    { trivialAugmentWide: {} },
    { randomErasing: { probability: 0.1 } },
  ],
  decayNormAndBias: false,
  labelSmoothing: 0.1,
  mixup: 0.2,
  cutmix: 1,
  emaDecay: 0.99998,
};
