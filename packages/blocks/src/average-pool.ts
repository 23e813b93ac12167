import * as tf from '@tensorflow/tfjs-core';

/**
 * The mean of each 2×2 square, every second one, and of what there is of it at the border: `[N, H, W, C]` →
 * `[N, ⌈H / 2⌉, ⌈W / 2⌉, C]`.
 *
 * @see torch `nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False)`
 */
export function averagePool(x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  if (height % 2 === 0 && width % 2 === 0) return tf.avgPool(x, 2, 2, 'valid');
  // TensorFlow's `same` pads at the end alone and does not count it, but tfjs's gradient does.
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, save] = args as [tf.Tensor4D, tf.GradSaveFunc];
    save([input]);
    const gradFunc = (dy: tf.Tensor, [saved]: tf.Tensor[]): tf.Tensor =>
      gradient(dy as tf.Tensor4D, saved as tf.Tensor4D);
    return { value: tf.avgPool(input, 2, 2, 'same'), gradFunc };
  });
  return operation(x) as tf.Tensor4D;
}

/** That of whole squares, of which those at the border count their half double. */
function gradient(dy: tf.Tensor4D, x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  const whole = tf.pad(x, [NONE, [0, height % 2], [0, width % 2], NONE]);
  const byRows = height % 2 === 0 ? dy : doubleLast(dy, 1);
  const doubled = width % 2 === 0 ? byRows : doubleLast(byRows, 2);
  const attributes = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
  const inputs = { dy: doubled, input: whole } as tf.NamedTensorMap;
  const dx = tf.engine().runKernel(tf.AvgPoolGrad, inputs, attributes) as tf.Tensor4D;
  return tf.slice(dx, [0, 0, 0, 0], x.shape);
}

const NONE: [number, number] = [0, 0];

/** The last row or column times two. */
function doubleLast(x: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const before = x.shape[axis] - 1;
  const begin = [0, 0, 0, 0];
  begin[axis] = before;
  const last = tf.slice(x, begin);
  const around: [number, number] = [before, 0];
  return tf.add(x, tf.pad(last, axis === 1 ? [NONE, around, NONE, NONE] : [NONE, NONE, around, NONE]));
}
