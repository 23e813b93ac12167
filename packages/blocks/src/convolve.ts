import * as tf from '@tensorflow/tfjs-core';
import { splitChannels } from './split-channels.ts';

export interface ConvolveOptions {
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
}

/**
 * The kernel, inputs `{x, filter}`, attributes `{strides, pad: 'valid', dilations, groups}`, that a backend registers
 * when it convolves in groups by itself; tfjs has none, so elsewhere the groups are convolved one by one. It also takes a
 * stride and a dilation at once, which tfjs's own does not.
 */
export const GROUPED_CONV_2D = 'GroupedConv2D';

/**
 * Unpadded convolution of `x` `[N, H, W, C]` with `filter` `[h, w, C / groups, out]`, differentiable also where tfjs's
 * own is not: with groups and with dilation.
 */
export function convolve(x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvolveOptions): tf.Tensor4D {
  const { stride, dilation, groups } = options;
  if (dilation === 1 && groups === 1) return tf.conv2d(x, filter, stride, 'valid');
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [input, weights, save] = args as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    save([input, weights]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] =>
      gradients(dy as tf.Tensor4D, saved[0] as tf.Tensor4D, saved[1] as tf.Tensor4D, options);
    return { value: forward(input, weights, options), gradFunc };
  });
  return operation(x, filter) as tf.Tensor4D;
}

function forward(x: tf.Tensor4D, filter: tf.Tensor4D, { stride, dilation, groups }: ConvolveOptions): tf.Tensor4D {
  const needsKernel = groups > 1 || (stride > 1 && dilation > 1);
  if (needsKernel && tf.getKernel(GROUPED_CONV_2D, tf.getBackend())) {
    const attributes = { strides: [stride, stride], pad: 'valid', dilations: [dilation, dilation], groups };
    return tf.engine().runKernel(GROUPED_CONV_2D, { x, filter } as tf.NamedTensorMap, attributes) as tf.Tensor4D;
  }
  const filters = splitChannels(filter, groups);
  const parts = splitChannels(x, groups).map((part, g) =>
    // tfjs takes a stride or a dilation, not both.
    stride === 1
      ? tf.conv2d(part, filters[g]!, 1, 'valid', 'NHWC', dilation)
      : tf.conv2d(part, spread(filters[g]!, dilation), stride, 'valid'),
  );
  return tf.concat(parts, 3);
}

/** A dilated convolution is one with zeros between the filter's taps, whose gradients every backend has. */
function gradients(dy: tf.Tensor4D, x: tf.Tensor4D, filter: tf.Tensor4D, options: ConvolveOptions): tf.Tensor4D[] {
  const { dilation, groups } = options;
  const attributes = { strides: options.stride, pad: 'valid', dataFormat: 'NHWC' };
  const run = (kernel: string, inputs: object, more: object): tf.Tensor4D =>
    tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, { ...attributes, ...more }) as tf.Tensor4D;
  const dys = splitChannels(dy, groups);
  const xs = splitChannels(x, groups);
  const filters = splitChannels(filter, groups).map((part) => spread(part, dilation));
  const dxs = dys.map((part, g) =>
    run(tf.Conv2DBackpropInput, { dy: part, filter: filters[g] }, { inputShape: xs[g]!.shape }),
  );
  const dFilters = dys.map((part, g) =>
    run(tf.Conv2DBackpropFilter, { x: xs[g], dy: part }, { filterShape: filters[g]!.shape }),
  );
  return [
    tf.concat(dxs, 3),
    tf.concat(
      dFilters.map((part) => gather(part, dilation)),
      3,
    ),
  ];
}

const NONE: [number, number] = [0, 0];

/** Puts `dilation - 1` zeros between the taps: `[h, w, i, o]` → `[(h - 1) * dilation + 1, …, i, o]`. */
function spread(filter: tf.Tensor4D, dilation: number): tf.Tensor4D {
  if (dilation === 1) return filter;
  const [h, w, i, o] = filter.shape;
  const zeros: [number, number] = [0, dilation - 1];
  const rows = tf.pad(tf.reshape(filter, [h, 1, w * i * o]), [NONE, zeros, NONE]);
  const taps = tf.pad(tf.reshape(rows, [h * dilation, w, 1, i * o]), [NONE, NONE, zeros, NONE]);
  const padded: tf.Tensor4D = tf.reshape(taps, [h * dilation, w * dilation, i, o]);
  return tf.slice(padded, [0, 0, 0, 0], [(h - 1) * dilation + 1, (w - 1) * dilation + 1, i, o]);
}

/** Takes every `dilation`-th tap: the inverse of `spread`. */
function gather(filter: tf.Tensor4D, dilation: number): tf.Tensor4D {
  if (dilation === 1) return filter;
  const [height, width, i, o] = filter.shape;
  const [h, w] = [(height - 1) / dilation + 1, (width - 1) / dilation + 1];
  const end: [number, number] = [0, dilation - 1];
  const padded = tf.pad(filter, [end, end, NONE, NONE]);
  const rows = tf.slice(
    tf.reshape(padded, [h, dilation, w * dilation * i * o]),
    [0, 0, 0],
    [h, 1, w * dilation * i * o],
  );
  return tf.reshape(tf.slice(tf.reshape(rows, [h, w, dilation, i * o]), [0, 0, 0, 0], [h, w, 1, i * o]), [h, w, i, o]);
}
