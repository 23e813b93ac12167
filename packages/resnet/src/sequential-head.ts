import { type Activation, batchNorm, type ForwardOptions, Linear, relu } from '@residual/blocks';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { HeadType } from './head.ts';

/** A layer of an `nn.Sequential`, by its number there; dropout does nothing when a network answers, and is left out. */
export type SequentialLayer =
  | { readonly at: number; readonly kind: 'linear'; readonly outFeatures: number; readonly bias: boolean }
  | { readonly at: number; readonly kind: 'batch-norm' }
  | { readonly at: number; readonly kind: 'activation' };

/**
 * Several layers one after the other, as heads of one's own are. The last linear layer gives the logits: as many as the network
 * has classes, whatever its `outFeatures`.
 */
export function sequentialHead(layers: readonly SequentialLayer[], activation: Activation = relu): HeadType {
  return (vars, { inFeatures, numClasses }) => {
    const last = layers.map(({ kind }) => kind).lastIndexOf('linear');
    let features = inFeatures;
    const steps = layers.map((layer, index): ((x: Tensor2D, options?: ForwardOptions) => Tensor2D) => {
      if (layer.kind === 'activation') return (x) => activation.apply(x);
      const scope = vars.scope(`${layer.at}`);
      if (layer.kind === 'batch-norm') {
        const norm = batchNorm(scope, features);
        return (x, options) => norm.forward(x, options);
      }
      const outFeatures = index === last ? numClasses : layer.outFeatures;
      const { bias } = layer;
      const linear = new Linear(scope, { inFeatures: features, outFeatures, bias });
      features = outFeatures;
      return (x) => linear.forward(x);
    });
    const [only] = layers;
    const isLinear = layers.length === 1 && only?.kind === 'linear';
    return {
      matrix: isLinear ? vars.pathOf(`${only.at}.weight`) : undefined,
      forward: (x, options) => steps.reduce((y, step) => step(y, options), x),
    };
  };
}
