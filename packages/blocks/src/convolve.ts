import * as tf from '@tensorflow/tfjs-core';

export interface ConvolveOptions {
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
}

type Convolution = (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.Tensor4D;

/**
 * Unpadded convolution of `x` `[N, H, W, C]` with `filter` `[h, w, C / groups, out]`, differentiable also where tfjs's
 * own is not: with groups and with dilation.
 */
export function convolve(
  x: tf.Tensor4D,
  filter: tf.Tensor4D,
  { stride, dilation, groups }: ConvolveOptions,
): tf.Tensor4D {
  const dense: Convolution = (input, weights) => tf.conv2d(input, weights, stride, 'valid', 'NHWC', dilation);
  const differentiable: Convolution =
    dilation === 1
      ? dense
      : (input, weights) =>
          withGradientOf(dense, (a, b) => tf.conv2d(a, dilate(b, dilation), stride, 'valid'))(input, weights);
  if (groups === 1) return differentiable(x, filter);

  const grouped: Convolution = (input, weights) => {
    const filters = tf.split(weights, groups, 3);
    const parts = tf
      .split(input, groups, 3)
      .map((part, g) => differentiable(part as tf.Tensor4D, filters[g] as tf.Tensor4D));
    return tf.concat(parts, 3);
  };
  if (!tf.getKernel(GROUPED_CONV_2D, tf.getBackend())) return grouped(x, filter);
  const attributes = { strides: [stride, stride], pad: 'valid', dilations: [dilation, dilation], groups };
  const kernel: Convolution = (input, weights) =>
    tf
      .engine()
      .runKernel(GROUPED_CONV_2D, { x: input, filter: weights } as tf.NamedTensorMap, attributes) as tf.Tensor4D;
  return withGradientOf(kernel, grouped)(x, filter);
}

/**
 * The kernel, inputs `{x, filter}`, attributes `{strides, pad: 'valid', dilations, groups}`, that a backend registers
 * when it convolves in groups by itself; tfjs has none, so elsewhere the groups are convolved one by one.
 */
export const GROUPED_CONV_2D = 'GroupedConv2D';

/** `forward`, differentiated as if it were `equivalent`. */
function withGradientOf(forward: Convolution, equivalent: Convolution): Convolution {
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [x, filter, save] = args as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    save([x, filter]);
    const gradient = tf.grads((a, b) => equivalent(a as tf.Tensor4D, b as tf.Tensor4D));
    return { value: forward(x, filter), gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradient(saved, dy) };
  });
  return (x, filter) => operation(x, filter) as tf.Tensor4D;
}

/** The filter with `dilation - 1` zeros between its taps: `[h, w, i, o]` → `[(h - 1) * dilation + 1, …, i, o]`. */
function dilate(filter: tf.Tensor4D, dilation: number): tf.Tensor4D {
  const [h, w, i, o] = filter.shape;
  const none: [number, number] = [0, 0];
  const zeros: [number, number] = [0, dilation - 1];
  const rows = tf.pad(tf.reshape(filter, [h, 1, w * i * o]), [none, zeros, none]);
  const taps = tf.pad(tf.reshape(rows, [h * dilation, w, 1, i * o]), [none, none, zeros, none]);
  const spread: tf.Tensor4D = tf.reshape(taps, [h * dilation, w * dilation, i, o]);
  return tf.slice(spread, [0, 0, 0, 0], [(h - 1) * dilation + 1, (w - 1) * dilation + 1, i, o]);
}
