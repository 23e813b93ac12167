import * as tf from '@tensorflow/tfjs-core';
import { around, batchNorm, type ContractNet, conv, LEAST, type TracerLike } from './contract-net.ts';

/** Nets of what residual architectures have beside plain convolutions: gates, activations, norms before and after, heads. */
export function architectureNets(): Readonly<Record<string, ContractNet>> {
  return {
    'a gate by channel: squeeze and excite, then the shortcut': (t) => {
      const x = t.input('image', [2, 5, 7, 20]) as tf.Tensor4D;
      const y = batchNorm(t, 'bn1', layer(t, 'conv1', x, 20, 3));
      const gated = squeezeExcite(t, 'se', y, 8);
      return { gated, y: tf.relu(tf.add(gated, x)) };
    },
    'a gate of one picture, of channels that fill vectors': (t) => {
      const x = t.input('image', [1, 8, 8, 32]) as tf.Tensor4D;
      const y: tf.Tensor4D = tf.relu(layer(t, 'conv1', x, 32, 1));
      return { y: tf.relu(tf.add(squeezeExcite(t, 'se', y, 16), x)) };
    },
    'SiLU, leaky ReLU and hard-swish': (t) => {
      const x = tf.mul(layer(t, 'conv1', t.input('image', [2, 6, 5, 3]) as tf.Tensor4D, 18, 3), 8) as tf.Tensor4D;
      const silu = tf.mul(x, tf.sigmoid(x)) as tf.Tensor4D;
      const leaky = tf.add(tf.mul(x, 0.01), tf.mul(tf.relu(x), 0.99));
      const hardSwish = tf.mul(x, tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6));
      return { silu, leaky, hardSwish, next: layer(t, 'conv2', silu, 7, 3) };
    },
    'the sigmoid of an input of many sizes': (t) => ({
      y: tf.sigmoid(tf.mul(t.input('image', [1, 4, 4, 5]), 40)),
    }),
    'a net that normalises first, with a shortcut from before and from after the norm': (t) => {
      const image = t.input('image', [2, 9, 8, 3]) as tf.Tensor4D;
      let x = layer(t, 'conv1', image, 12, 3);
      const first = tf.relu(batchNorm(t, 'bn1', x));
      x = tf.add(layer(t, 'conv2', first, 12, 3), x);
      const second = tf.relu(batchNorm(t, 'bn2', x));
      const shortcut = layer(t, 'downsample', second, 24, 1, 2);
      const inner = tf.relu(batchNorm(t, 'bn3', layer(t, 'conv3', second, 24, 3, 2)));
      x = tf.add(layer(t, 'conv4', inner, 24, 3), shortcut);
      const features = tf.relu(batchNorm(t, 'norm', x));
      return { x, logits: linear(t, 'fc', tf.mean(features, [1, 2]), 5) };
    },
    'a batch norm of an input, without an activation': (t) => ({
      y: batchNorm(t, 'bn1', t.input('image', [2, 3, 3, 7]) as tf.Tensor4D),
    }),
    'a convolution with bias before the batch norm, and a sum without an activation': (t) => {
      const x = t.input('image', [1, 6, 6, 16]) as tf.Tensor4D;
      const biased = tf.add(layer(t, 'conv1', x, 16, 3), t.parameter('conv1.bias', [16])) as tf.Tensor4D;
      return { y: tf.add(batchNorm(t, 'bn1', biased), x) };
    },
    'average pooling of odd and even sizes, padded at the end, which does not count': (t) => {
      const x = t.input('image', [2, 7, 6, 10]) as tf.Tensor4D;
      return { halved: tf.avgPool(x, 2, 2, 'same'), whole: tf.avgPool(x, 2, 1, 'same') };
    },
    'average pooling whose padding counts': (t) => {
      const x = t.input('image', [1, 7, 8, 9]) as tf.Tensor4D;
      const padded = tf.pad(x, around(1, 1, 1, 1)) as tf.Tensor4D;
      return { y: tf.avgPool(padded, 3, 2, 'valid') };
    },
    'max pooling of negative numbers, padded with the least number': (t) => {
      const x = tf.sub(t.input('image', [2, 7, 6, 9]) as tf.Tensor4D, 30) as tf.Tensor4D;
      const padded = tf.pad(x, around(1, 1, 1, 1), LEAST) as tf.Tensor4D;
      const y = tf.maxPool(padded, 3, 2, 'valid');
      return { y, next: layer(t, 'conv1', y, 8, 3) };
    },
    'a head that is a convolution': (t) => {
      const pooled = tf.mean<tf.Tensor4D>(t.input('image', [3, 4, 4, 24]), [1, 2], true);
      return { logits: tf.reshape(biasedPoint(t, 'fc', pooled, 10), [3, 10]) };
    },
    'a head of several layers, with a batch norm after and one before a linear layer, and none with a bias': (t) => {
      const pooled = tf.reshape(tf.mean(t.input('image', [3, 4, 4, 24]), [1, 2], true), [3, 24]) as tf.Tensor2D;
      const hidden = tf.relu(batchNorm(t, 'bn1', linear(t, 'fc1', pooled, 18)));
      const product = tf.matMul(batchNorm(t, 'bn2', hidden), t.parameter('fc2.weight', [18, 6]) as tf.Tensor2D);
      return { hidden, logits: product };
    },
    'the maximum and the mean of a picture, joined, before a head of several layers': (t) => {
      const x = t.input('image', [2, 5, 3, 21]) as tf.Tensor4D;
      const pooled = tf.concat([tf.max<tf.Tensor2D>(x, [1, 2]), tf.mean<tf.Tensor2D>(x, [1, 2])], 1);
      const hidden = tf.relu(linear(t, 'fc1', batchNorm(t, 'bn1', pooled), 16));
      return { pooled, logits: linear(t, 'fc2', batchNorm(t, 'bn2', hidden), 4) };
    },
    'the maximum of a picture, and a concatenation of pictures': (t) => {
      const x = t.input('image', [2, 4, 3, 6]) as tf.Tensor4D;
      const y = layer(t, 'conv1', x, 11, 3);
      return { most: tf.max(tf.sub(x, 100), [1, 2], true), joined: tf.concat([x, y, tf.relu(x)], 3) };
    },
    'channels split into parts, each of which the next one reads, and joined': (t) => {
      const x = layer(t, 'conv1', t.input('image', [1, 6, 5, 3]) as tf.Tensor4D, 22, 1);
      const [first, second, third] = tf.split(x, [8, 8, 6], 3) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
      const y = tf.relu(layer(t, 'conv2', tf.add(first, second), 6, 3));
      return { y: layer(t, 'conv3', tf.concat([first, y, tf.add(y, third)], 3) as tf.Tensor4D, 9, 1) };
    },
    'two paths weighed by channel, their softmax as a sigmoid': (t) => {
      const x = t.input('image', [2, 5, 4, 6]) as tf.Tensor4D;
      const [a, b] = [layer(t, 'conv1', x, 10, 3), layer(t, 'conv2', x, 10, 1)];
      const squeezed = tf.relu(biasedPoint(t, 'fc1', tf.mean(tf.add(a, b), [1, 2], true), 8)) as tf.Tensor4D;
      const [left, right] = tf.split(biasedPoint(t, 'fc2', squeezed, 20), 2, 3) as [tf.Tensor4D, tf.Tensor4D];
      const share = tf.sigmoid(tf.sub(left, right));
      return { y: tf.add(tf.mul(a, share), tf.mul(b, tf.sub(1, share))) };
    },
    'a softmax over three parts of the channels': (t) => {
      const x = layer(t, 'conv1', t.input('image', [2, 1, 1, 6]) as tf.Tensor4D, 15, 1);
      const parts = tf.split(x, 3, 3) as tf.Tensor4D[];
      const most = parts.reduce((a, b) => tf.maximum(a, b));
      const powers = parts.map((part) => tf.exp(tf.sub(part, most)));
      const sum = powers.reduce((a, b) => tf.add(a, b));
      return Object.fromEntries(powers.map((power, index) => [`y${index}`, tf.div(power, sum)]));
    },
    'group norm: the means of groups of channels by a matrix product': (t) => {
      const x = layer(t, 'conv1', t.input('image', [2, 5, 6, 3]) as tf.Tensor4D, 12, 3);
      const size = 4;
      const meanOf = (y: tf.Tensor4D): tf.Tensor4D => {
        const rows = tf.reshape(tf.mean(y, [1, 2], true), [-1, size]) as tf.Tensor2D;
        const sums = tf.matMul(rows, tf.ones([size, size]) as tf.Tensor2D);
        return tf.reshape(tf.mul(sums, 1 / size), [2, 1, 1, 12]);
      };
      const centred = tf.sub(x, meanOf(x)) as tf.Tensor4D;
      const [scale, offset] = ['weight', 'bias'].map((part) => t.parameter(`norm.${part}`, [12]));
      const factor = tf.mul(tf.rsqrt(tf.add(meanOf(tf.mul(centred, centred)), 1e-5)), scale!);
      return { y: tf.relu(tf.add(tf.mul(centred, factor), offset!)) };
    },
    'a blur of mirrored borders at stride 2': (t) => {
      const x = layer(t, 'conv1', t.input('image', [2, 7, 6, 3]) as tf.Tensor4D, 10, 3);
      const padded = tf.mirrorPad(x, around(1, 1, 1, 1), 'reflect') as tf.Tensor4D;
      const blur = tf.tile(
        tf.reshape(tf.tensor1d([1, 2, 1, 2, 4, 2, 1, 2, 1].map((n) => n / 16)), [3, 3, 1, 1]),
        [1, 1, 10, 1],
      );
      return { y: tf.depthwiseConv2d(padded, blur as tf.Tensor4D, 2, 'valid') };
    },
    'a gate by a convolution along the channels': (t) => {
      const x = layer(t, 'conv1', t.input('image', [2, 4, 5, 3]) as tf.Tensor4D, 14, 3);
      const mean = tf.reshape(tf.mean(x, [1, 2]), [2, 1, 14, 1]) as tf.Tensor4D;
      const gate = tf.conv2d(mean, t.parameter('conv.weight', [1, 3, 1, 1]) as tf.Tensor4D, 1, 'same');
      return { y: tf.mul(x, tf.sigmoid(tf.reshape(gate, [2, 1, 1, 14]))) };
    },
    'a filter that is standardised': (t) => {
      const x = t.input('image', [1, 6, 6, 5]) as tf.Tensor4D;
      const filter = t.parameter('conv1.weight', [3, 3, 5, 8]) as tf.Tensor4D;
      const { mean, variance } = tf.moments(filter, [0, 1, 2], true);
      const standard = tf.mul(tf.sub(filter, mean), tf.rsqrt(tf.add(variance, 1e-8))) as tf.Tensor4D;
      const scaled = tf.mul(standard, t.parameter('conv1.gain', [1, 1, 1, 8])) as tf.Tensor4D;
      return { y: tf.conv2d(tf.pad(x, around(1, 1, 1, 1)) as tf.Tensor4D, scaled, 1, 'valid') };
    },
  };
}

function layer(
  t: TracerLike,
  name: string,
  x: tf.Tensor4D,
  outChannels: number,
  size: number,
  stride = 1,
): tf.Tensor4D {
  const p = (size - 1) / 2;
  return conv(t, name, x, { outChannels, kernel: [size, size], stride, pad: [p, p, p, p] });
}

function biasedPoint(t: TracerLike, name: string, x: tf.Tensor4D, outChannels: number): tf.Tensor4D {
  return conv(t, name, x, { outChannels, kernel: [1, 1], bias: true });
}

/** @see Hu et al. 2017, arXiv:1709.01507 */
function squeezeExcite(t: TracerLike, name: string, x: tf.Tensor4D, between: number): tf.Tensor4D {
  const mean = tf.mean<tf.Tensor4D>(x, [1, 2], true); // [N, 1, 1, C]
  const squeezed = tf.relu(biasedPoint(t, `${name}.fc1`, mean, between));
  return tf.mul(x, tf.sigmoid(biasedPoint(t, `${name}.fc2`, squeezed, x.shape[3])));
}

function linear(t: TracerLike, name: string, x: tf.Tensor, outFeatures: number): tf.Tensor2D {
  const weight = t.parameter(`${name}.weight`, [x.shape[1]!, outFeatures]) as tf.Tensor2D;
  return tf.add(tf.matMul(x as tf.Tensor2D, weight), t.parameter(`${name}.bias`, [outFeatures]));
}
