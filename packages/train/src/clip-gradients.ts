import { add, addN, div, minimum, mul, sqrt, square, sum, type Tensor } from '@tensorflow/tfjs-core';

/** Gradients scaled so that their norm over all of them is at most `maxNorm`. @see torch `nn.utils.clip_grad_norm_` */
export function clipGradients(gradients: readonly Tensor[], maxNorm: number): Tensor[] {
  const norm = sqrt(addN(gradients.map((gradient) => sum(square(gradient)))));
  const scale = minimum(div(maxNorm, add(norm, 1e-6)), 1);
  return gradients.map((gradient) => mul(gradient, scale));
}
