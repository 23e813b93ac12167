import { constant, type VarScope } from '@residual/blocks';
import * as tf from '@tensorflow/tfjs-core';
import type { PoolType } from './pool.ts';

/** Channels of each head. */
const HEAD_CHANNELS = 64;

export interface AttentionPoolOptions {
  /** Edge of the feature map: each of its pixels has a place of its own. */
  readonly edge: number;
  readonly outFeatures: number;
}

/**
 * What the mean over the picture finds when it looks at the picture: attention of one query, in heads of 64 channels, over the
 * mean and all pixels, to each of which a vector of its place is added. Its variables are below `attnpool`.
 *
 * @throws RangeError where a feature map is not `edge` × `edge`.
 * @see Radford et al. 2021, arXiv:2103.00020, section 2.4; CLIP `AttentionPool2d`
 */
export function attentionPool({ edge, outFeatures }: AttentionPoolOptions): PoolType {
  return (root, { channels }) => {
    const vars = root.scope('attnpool');
    const shape = [edge * edge + 1, channels];
    const initializer = normal(channels);
    const places = vars.variable('positional_embedding', { shape, layout: 'matrix', initializer, trainable: true });
    const query = projection(vars.scope('q_proj'), channels, channels);
    const key = projection(vars.scope('k_proj'), channels, channels);
    const value = projection(vars.scope('v_proj'), channels, channels);
    const output = projection(vars.scope('c_proj'), channels, outFeatures);
    return {
      outFeatures,
      isMean: false,
      forward: (x) => {
        checkSize(vars, x, edge);
        const mean = addPlaces(tf.mean<tf.Tensor4D>(x, [1, 2], true), places as tf.Tensor2D, 0); // [N, 1, 1, channels]
        const pixels = addPlaces(x, places as tf.Tensor2D, 1); // [N, edge, edge, channels]
        const found = attend(query(mean), [key(mean), value(mean)], [key(pixels), value(pixels)]);
        return tf.reshape(output(found), [-1, outFeatures]);
      },
    };
  };
}

/** A fully connected layer over each pixel: `[N, h, w, inFeatures]` → `[N, h, w, outFeatures]`. */
type Projection = (x: tf.Tensor4D) => tf.Tensor4D;

function projection(vars: VarScope, inFeatures: number, outFeatures: number): Projection {
  const shape = [inFeatures, outFeatures];
  const weight = vars.variable('weight', { shape, layout: 'linear', initializer: normal(inFeatures), trainable: true });
  const bias = vars.vector('bias', outFeatures, constant(0));
  const filter = (): tf.Tensor4D => tf.reshape(weight, [1, 1, inFeatures, outFeatures]);
  return (x) => tf.add(tf.conv2d(x, filter(), 1, 'valid'), bias);
}

/** @see CLIP `initialize_parameters` */
function normal(features: number): (shape: number[], seed: number) => tf.Tensor {
  return (shape, seed) => tf.randomNormal(shape, 0, features ** -0.5, 'float32', seed);
}

/** Adds a vector to each pixel, those from `first` on; all pixels as one, whose numbers are channels, for engines add by channel. */
function addPlaces(x: tf.Tensor4D, places: tf.Tensor2D, first: number): tf.Tensor4D {
  const [, height, width, channels] = x.shape;
  const count = height * width;
  const added = tf.reshape(tf.slice(places, [first, 0], [count, channels]), [count * channels]);
  return tf.reshape(tf.add(tf.reshape(x, [-1, 1, 1, count * channels]), added), x.shape);
}

type KeysAndValues = readonly [keys: tf.Tensor4D, values: tf.Tensor4D];

/** Values of the mean and of the pixels, weighed by a softmax over both of how their keys agree with `query` `[N, 1, 1, channels]`. */
function attend(query: tf.Tensor4D, mean: KeysAndValues, pixels: KeysAndValues): tf.Tensor4D {
  const [, height, width, channels] = pixels[0].shape;
  const { gather, spread } = heads(channels);
  const sumOver = (x: tf.Tensor4D): tf.Tensor4D => tf.mul(tf.mean<tf.Tensor4D>(x, [1, 2], true), height * width);
  const ofMean = gather(tf.mul(mean[0], query)); // [N, 1, 1, heads]
  const ofPixels = gather(tf.mul(pixels[0], query)); // [N, h, w, heads]
  const largest = tf.maximum(tf.max<tf.Tensor4D>(ofPixels, [1, 2], true), ofMean);
  const powerOfMean: tf.Tensor4D = tf.exp(tf.sub(ofMean, largest));
  const powers: tf.Tensor4D = tf.exp(tf.sub(ofPixels, largest));
  const total: tf.Tensor4D = tf.add(powerOfMean, sumOver(powers));
  const found = tf.add(tf.mul(spread(powerOfMean), mean[1]), sumOver(tf.mul(spread(powers), pixels[1])));
  return tf.div(found, spread(total)); // [N, 1, 1, channels]
}

/** From channels to heads, the scaled sum of each, and from heads to channels: products with a matrix of zeros and equal numbers. */
function heads(channels: number): { gather: Projection; spread: Projection } {
  const count = channels / HEAD_CHANNELS;
  const multiplyBy = (inFeatures: number, outFeatures: number, isOne: (from: number, to: number) => boolean) => {
    const scale = inFeatures > outFeatures ? HEAD_CHANNELS ** -0.5 : 1;
    const data = new Float32Array(inFeatures * outFeatures);
    for (let from = 0; from < inFeatures; from++)
      for (let to = 0; to < outFeatures; to++) if (isOne(from, to)) data[from * outFeatures + to] = scale;
    return (x: tf.Tensor4D) => tf.conv2d(x, tf.tensor4d(data, [1, 1, inFeatures, outFeatures]), 1, 'valid');
  };
  const headOf = (channel: number): number => Math.floor(channel / HEAD_CHANNELS);
  return {
    gather: multiplyBy(channels, count, (channel, head) => headOf(channel) === head),
    spread: multiplyBy(count, channels, (head, channel) => headOf(channel) === head),
  };
}

function checkSize(vars: VarScope, x: tf.Tensor4D, edge: number): void {
  const [, height, width] = x.shape;
  if (height === edge && width === edge) return;
  const places = `expected a feature map of ${edge} × ${edge} pixels, one for each place, got ${height} × ${width}`;
  throw new RangeError(`${vars.path}: ${places}; give pictures of the model's sizePx`);
}
