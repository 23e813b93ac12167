import { uniformFanIn } from '@residual/blocks';
import * as tf from '@tensorflow/tfjs-core';
import type { HeadType } from './head.ts';

/** A fully connected layer whose weights are those of a 1×1 convolution, `[numClasses, inFeatures, 1, 1]`. @see timm `ClassifierHead(use_conv=True)` */
export function convolutionHead({ bias = true }: { bias?: boolean } = {}): HeadType {
  return (vars, { inFeatures, numClasses }) => {
    const initializer = uniformFanIn(inFeatures);
    const shape = [1, 1, inFeatures, numClasses];
    const weight = vars.variable('weight', { shape, layout: 'conv', initializer, trainable: true });
    const offset = bias ? vars.vector('bias', numClasses, initializer) : undefined;
    return {
      matrix: vars.pathOf('weight'),
      forward: (x): tf.Tensor2D => {
        const matrix = tf.reshape(weight, [inFeatures, numClasses]) as tf.Tensor2D;
        const y: tf.Tensor2D = tf.matMul(x, matrix);
        return offset ? tf.add(y, offset) : y;
      },
    };
  };
}
