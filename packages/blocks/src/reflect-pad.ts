import * as tf from '@tensorflow/tfjs-core';

const NONE: [number, number] = [0, 0];
const ONE: [number, number] = [1, 1];

/**
 * One pixel around every picture of `[N, H, W, C]`, mirrored at the border's own pixels, with the gradient that tfjs lacks.
 *
 * @see torch `nn.ReflectionPad2d(1)`
 */
export function reflectPad(x: tf.Tensor4D): tf.Tensor4D {
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const value = tf.mirrorPad(args[0] as tf.Tensor4D, [NONE, ONE, ONE, NONE], 'reflect');
    return { value, gradFunc: (dy: tf.Tensor): tf.Tensor => foldBack(foldBack(dy as tf.Tensor4D, 1), 2) };
  });
  return operation(x) as tf.Tensor4D;
}

/** Adds the first and the last of an axis to the next but one, which they are mirrors of, and drops them. */
function foldBack(dy: tf.Tensor4D, axis: 1 | 2): tf.Tensor4D {
  const size = dy.shape[axis] - 2;
  const take = (from: number, count: number): tf.Tensor4D => {
    const begin = [0, 0, 0, 0];
    const extent = [-1, -1, -1, -1];
    begin[axis] = from;
    extent[axis] = count;
    return tf.slice(dy, begin, extent);
  };
  const at = (part: tf.Tensor4D, before: number): tf.Tensor4D => {
    const around: [number, number] = [before, size - 1 - before];
    return tf.pad(part, axis === 1 ? [NONE, around, NONE, NONE] : [NONE, NONE, around, NONE]);
  };
  return tf.addN([take(1, size), at(take(0, 1), 1), at(take(size + 1, 1), size - 2)]);
}
