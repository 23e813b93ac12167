import * as tf from '@tensorflow/tfjs-core';

/**
 * The kernels that a backend registers when it has batch norm in training as one operation: `BatchNormTraining`, inputs
 * `{x, scale, offset}`, gives `[y, mean, variance]` over N, H and W with the biased variance; its gradient, inputs
 * `{dy, x, scale, mean, variance}`, gives `[dx, dScale, dOffset]`. Both have the attribute `varianceEpsilon`. tfjs has
 * neither, so elsewhere its moments and its batch norm serve.
 */
export const BATCH_NORM_TRAINING = 'BatchNormTraining';
export const BATCH_NORM_TRAINING_GRAD = 'BatchNormTrainingGrad';

/**
 * `x` `[N, H, W, C]` normalised by its own statistics. `onStatistics` is given them, the mean and the biased variance
 * `[C]`, before they go; gradients do not flow through what it does.
 */
export function batchNormTraining(
  x: tf.Tensor4D,
  scale: tf.Tensor1D,
  offset: tf.Tensor1D,
  epsilon: number,
  onStatistics: (mean: tf.Tensor, variance: tf.Tensor) => void,
): tf.Tensor4D {
  if (!tf.getKernel(BATCH_NORM_TRAINING, tf.getBackend())) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]) as { mean: tf.Tensor1D; variance: tf.Tensor1D };
    onStatistics(mean, variance);
    return tf.batchNorm(x, mean, variance, offset, scale, epsilon);
  }
  const run = (kernel: string, inputs: object): tf.Tensor[] =>
    tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, { varianceEpsilon: epsilon }) as tf.Tensor[];
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, weight, bias, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const [y, mean, variance] = run(BATCH_NORM_TRAINING, { x: input, scale: weight, offset: bias });
    onStatistics(mean!, variance!);
    save([input, weight, mean!, variance!]);
    const gradFunc = (dy: tf.Tensor, [x, scale, mean, variance]: tf.Tensor[]): tf.Tensor[] =>
      run(BATCH_NORM_TRAINING_GRAD, { dy, x, scale, mean, variance });
    return { value: y!, gradFunc };
  });
  return operation(x, scale, offset) as tf.Tensor4D;
}
