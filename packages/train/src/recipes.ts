import { IMAGENET_MEAN, IMAGENET_STD } from '@residual/vision';
import type { Recipe } from './recipe.ts';

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

/** For CIFAR in few epochs: up and down once, with Nesterov's momentum and more decay. @see Smith & Topin 2018, arXiv:1708.07120 */
export const cifarShort: Recipe = {
  ...cifarPaper,
  epochs: 30,
  optimizer: { sgd: { momentum: 0.9, nesterov: true, weightDecay: 5e-4 } },
  schedule: { oneCycle: { highest: 0.3, rising: 0.25, startDivisor: 10, endDivisor: 1000 } },
  decayNormAndBias: false,
};

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

/** Recipes by name. */
export function recipes(): Readonly<Record<string, Recipe>> {
  return { 'cifar-paper': cifarPaper, 'cifar-short': cifarShort, 'imagenet-v2': imagenetV2 };
}
