import { deterministicPicture, deterministicTensor, expectClose } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Conv2d } from './conv2d.ts';
import { type ConvolveOptions, convolve, GROUPED_CONV_2D } from './convolve.ts';
import { randomVars } from './random-vars.ts';
import { VarScope } from './var-scope.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const picture = (channels: number): tf.Tensor4D =>
  tf.tensor4d(deterministicPicture([1, 9, 8, channels]), [1, 9, 8, channels]);
const filter = (shape: [number, number, number, number]): tf.Tensor4D =>
  tf.tensor4d(deterministicTensor('filter', shape), shape);

/** Groups as one dense convolution: the filter has zeros where a channel belongs to another group. */
function blockDiagonal(weights: tf.Tensor4D, groups: number): tf.Tensor4D {
  const parts = tf.split(weights, groups, 3) as tf.Tensor4D[];
  const columns = parts.map((part, g) => {
    const zeros = (count: number): tf.Tensor => tf.zeros([part.shape[0], part.shape[1], count, part.shape[3]]);
    const inGroup = part.shape[2];
    return tf.concat([zeros(g * inGroup), part, zeros((groups - 1 - g) * inGroup)], 2);
  });
  return tf.concat(columns, 3) as tf.Tensor4D;
}

/** Dilation as one dense convolution: the taps of the filter lie apart, with zeros between. */
function spreadTaps(weights: tf.Tensor4D, dilation: number): tf.Tensor4D {
  const [h, w, i, o] = weights.shape;
  const buffer = tf.buffer([(h - 1) * dilation + 1, (w - 1) * dilation + 1, i, o], 'float32');
  const values = weights.arraySync();
  for (let a = 0; a < h; a++)
    for (let b = 0; b < w; b++)
      for (let c = 0; c < i; c++)
        for (let d = 0; d < o; d++) buffer.set(values[a]![b]![c]![d]!, a * dilation, b * dilation, c, d);
  return buffer.toTensor() as tf.Tensor4D;
}

describe.each([
  { groups: 2, dilation: 1, stride: 1 },
  { groups: 4, dilation: 1, stride: 2 },
  { groups: 1, dilation: 2, stride: 1 },
  { groups: 2, dilation: 3, stride: 2 },
])('groups $groups, dilation $dilation, stride $stride', (options) => {
  const { groups, dilation, stride } = options;
  const dense = (weights: tf.Tensor4D): tf.Tensor4D => blockDiagonal(spreadTaps(weights, dilation), groups);

  test('equals the dense convolution that it stands for', () => {
    const x = picture(8);
    const weights = filter([3, 3, 8 / groups, 4]);
    const expected = tf.conv2d(x, dense(weights), stride, 'valid');
    expectClose(convolve(x, weights, options).dataSync(), expected.dataSync(), 1e-6);
  });

  test('has its gradients', () => {
    const x = picture(8);
    const weights = filter([3, 3, 8 / groups, 4]);
    const weigh = (y: tf.Tensor): tf.Tensor => tf.sum(tf.mul(y, tf.sin(tf.reshape(tf.range(0, y.size), y.shape))));
    const [dx, dFilter] = tf.grads((a, b) => weigh(convolve(a as tf.Tensor4D, b as tf.Tensor4D, options)))([
      x,
      weights,
    ]);
    const [denseDx, denseDFilter] = tf.grads((a, b) =>
      weigh(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, 'valid')),
    )([x, dense(weights)]);
    expectClose(dx!.dataSync(), denseDx!.dataSync(), 1e-6, 'dx');
    const taps = denseDFilter!.arraySync() as number[][][][];
    const outPerGroup = 4 / groups;
    const inPerGroup = 8 / groups;
    const expected = [0, 1, 2].flatMap((a) =>
      [0, 1, 2].flatMap((b) =>
        Array.from({ length: inPerGroup }, (_, c) =>
          Array.from({ length: 4 }, (_, d) => {
            const group = Math.floor(d / outPerGroup);
            return taps[a * dilation]![b * dilation]![group * inPerGroup + c]![d]!;
          }),
        ).flat(),
      ),
    );
    expectClose(dFilter!.dataSync(), expected, 1e-6, 'dFilter');
  });
});

describe('a backend that convolves in groups by itself', () => {
  const asked: (object | undefined)[] = [];
  beforeAll(() => {
    tf.registerKernel({
      kernelName: GROUPED_CONV_2D,
      backendName: 'cpu',
      kernelFunc: ({ inputs, attrs }) => {
        asked.push(attrs);
        const { dilations, groups, strides } = attrs as unknown as {
          dilations: [number, number];
          groups: number;
          strides: [number, number];
        };
        const weights = blockDiagonal(spreadTaps(inputs['filter'] as tf.Tensor4D, dilations[0]), groups);
        return tf.conv2d(inputs['x'] as tf.Tensor4D, weights, strides, 'valid');
      },
    });
  });
  afterAll(() => tf.unregisterKernel(GROUPED_CONV_2D, 'cpu'));

  test.each<ConvolveOptions & { isAsked: boolean }>([
    { groups: 2, dilation: 1, stride: 1, isAsked: true },
    { groups: 4, dilation: 3, stride: 2, isAsked: true },
    { groups: 1, dilation: 2, stride: 2, isAsked: true },
    { groups: 1, dilation: 2, stride: 1, isAsked: false },
    { groups: 1, dilation: 1, stride: 2, isAsked: false },
  ])('groups $groups, dilation $dilation, stride $stride: is asked, $isAsked', ({ isAsked, ...options }) => {
    const { groups, dilation, stride } = options;
    asked.length = 0;
    const x = picture(8);
    const weights = filter([3, 3, 8 / groups, 4]);
    const expected = tf.conv2d(x, blockDiagonal(spreadTaps(weights, dilation), groups), stride, 'valid');
    expectClose(convolve(x, weights, options).dataSync(), expected.dataSync(), 1e-6);
    const attributes = { strides: [stride, stride], pad: 'valid', dilations: [dilation, dilation], groups };
    expect(asked).toEqual(isAsked ? [attributes] : []);
  });
});

test('a convolution pads by itself to keep the size, and adds its bias', () => {
  const vars = new VarScope(randomVars({ seed: 1 }));
  const conv = new Conv2d(vars, { inChannels: 3, outChannels: 5, kernelSize: 3, dilation: 2, bias: true });
  expect(conv.forward(picture(3)).shape).toEqual([1, 9, 8, 5]);
  (conv.bias as unknown as tf.Variable).assign(tf.fill([5], 7));
  const zeros = tf.zeros<tf.Rank.R4>([1, 9, 8, 3]);
  expect(conv.forward(zeros).dataSync()[0]).toBe(7);
});

test('groups that do not divide the channels are refused', () => {
  const vars = new VarScope(randomVars({ seed: 1 })).scope('conv2');
  expect(() => new Conv2d(vars, { inChannels: 6, outChannels: 8, kernelSize: 3, groups: 4 })).toThrow(
    'conv2: 4 groups must divide 6 and 8 channels',
  );
  expect(() => new Conv2d(vars, { inChannels: 8, outChannels: 6, kernelSize: 3, groups: 4 })).toThrow(
    'conv2: 4 groups must divide 8 and 6 channels',
  );
});
