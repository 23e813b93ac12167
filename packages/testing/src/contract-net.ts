import * as tf from '@tensorflow/tfjs-core';

/** The part of `@residual/compile`'s `Tracer` that the nets declare their tensors with. */
export interface TracerLike {
  input(name: string, shape: readonly number[]): tf.Tensor;
  parameter(name: string, shape: readonly number[]): tf.Tensor;
}

export type ContractNet = (t: TracerLike) => Record<string, tf.Tensor>;

export interface Convolution {
  readonly outChannels: number;
  readonly kernel: readonly [number, number];
  /** Default 1. */
  readonly stride?: number;
  /** Top, bottom, left, right; default none. */
  readonly pad?: readonly [number, number, number, number];
  /** Default 1. */
  readonly dilation?: number;
  /** Default 1. */
  readonly groups?: number;
  /** Whether a bias is added. Default false. */
  readonly bias?: boolean;
  /** Whether a ReLU follows. Default false. */
  readonly relu?: boolean;
}

/** The least float32: what a maximum is padded with, for a graph in JSON has no −∞. */
export const LEAST = -3.4028234663852886e38;

/** Paddings of a picture's rows and columns. */
export function around(top: number, bottom: number, left: number, right: number): [number, number][] {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** A convolution of `[N, H, W, C]` with the parameters `<name>.weight` and, with a bias, `<name>.bias`. */
export function conv(t: TracerLike, name: string, x: tf.Tensor4D, options: Convolution): tf.Tensor4D {
  const { outChannels, kernel, stride = 1, pad, dilation = 1, groups = 1 } = options;
  const padded = (pad === undefined ? x : tf.pad(x, around(...pad))) as tf.Tensor4D;
  const filter = t.parameter(`${name}.weight`, [...kernel, x.shape[3] / groups, outChannels]) as tf.Tensor4D;
  const attributes = { strides: [stride, stride], pad: 'valid', dilations: [dilation, dilation] };
  const y =
    groups === 1
      ? tf.conv2d(padded, filter, stride, 'valid', 'NHWC', dilation)
      : (tf.engine().runKernel('GroupedConv2D', { x: padded, filter }, attributes) as tf.Tensor4D);
  const biased = options.bias ? (tf.add(y, t.parameter(`${name}.bias`, [outChannels])) as tf.Tensor4D) : y;
  return options.relu ? tf.relu(biased) : biased;
}

/** Batch norm by known statistics, over the last axis, with PyTorch's names. */
export function batchNorm<T extends tf.Tensor>(t: TracerLike, name: string, x: T): T {
  const [mean, variance, offset, scale] = ['running_mean', 'running_var', 'bias', 'weight'].map(
    (part) => t.parameter(`${name}.${part}`, [x.shape.at(-1)!]) as tf.Tensor1D,
  );
  return tf.batchNorm(x as tf.Tensor, mean!, variance!, offset, scale, 1e-5) as T;
}
