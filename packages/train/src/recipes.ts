import type { Recipe } from './recipe.ts';
import { cifarDegradation } from './recipes/cifar-degradation.ts';
import { cifarPaper } from './recipes/cifar-paper.ts';
import { cifarShort } from './recipes/cifar-short.ts';
import { fineTuning } from './recipes/fine-tuning.ts';
import { imagenetV2 } from './recipes/imagenet-v2.ts';

/** Recipes by name. */
export function recipes(): Readonly<Record<string, Recipe>> {
  return {
    'cifar-paper': cifarPaper,
    'cifar-short': cifarShort,
    'cifar-degradation': cifarDegradation,
    'imagenet-v2': imagenetV2,
    'fine-tuning': fineTuning,
  };
}
