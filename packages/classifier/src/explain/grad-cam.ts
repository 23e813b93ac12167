import type { FeatureMap } from '../network.ts';
import type { Heatmap } from './explanation.ts';

/** A class's logit at a layer: the layer's output and the logit's gradient with respect to it, `[height, width, channels]`. */
export interface LayerGradient {
  readonly activations: FeatureMap;
  readonly gradients: Float32Array;
}

/** Keeps a channel without gradient or activation from being divided by nothing. */
const EPSILON = 1e-6;

/** Channels weighted by their mean gradient. @see Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2 */
export function gradCam({ activations, gradients }: LayerGradient): Heatmap {
  const [height, width, channels] = activations.shape as [number, number, number];
  const weights = new Float64Array(channels);
  for (let i = 0; i < gradients.length; i++) weights[i % channels]! += gradients[i]! / (height * width);
  return weigh(activations, weights);
}

/**
 * Channels weighted by the positive part of their gradient, each pixel in proportion to what it adds.
 *
 * @see Chattopadhay et al. 2018, arXiv:1710.11063, equations 14 and 19, with the score's exponential as output
 */
export function gradCamPlusPlus({ activations, gradients }: LayerGradient): Heatmap {
  const channels = activations.shape[2]!;
  const sums = new Float64Array(channels);
  for (let i = 0; i < gradients.length; i++) sums[i % channels]! += activations.data[i]!;
  const weights = new Float64Array(channels);
  for (let i = 0; i < gradients.length; i++) {
    const gradient = gradients[i]!;
    if (gradient <= 0) continue;
    const share = gradient ** 2 / (2 * gradient ** 2 + sums[i % channels]! * gradient ** 3 + EPSILON);
    weights[i % channels]! += share * gradient;
  }
  return weigh(activations, weights);
}

/** The positive part of the channels' weighted sum. */
function weigh({ shape, data }: FeatureMap, weights: Float64Array): Heatmap {
  const [height, width, channels] = shape as [number, number, number];
  const map = Float32Array.from({ length: height * width }, (_, pixel) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += weights[channel]! * data[pixel * channels + channel]!;
    return Math.max(0, sum);
  });
  return { width, height, data: map };
}
