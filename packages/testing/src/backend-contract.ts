import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

export interface BackendContractOptions {
  /** Whether the backend has the kernels of convolution's and pooling's gradients. */
  readonly gradients: boolean;
  /** Whether its Conv2D kernel takes filters `[h, w, in / groups, out]`, past tfjs-core's assertion. */
  readonly groupedConvolution: boolean;
}

type Golden = Readonly<Record<string, readonly number[]>>;

const TOLERANCE = 1e-5;
const NONE: [number, number] = [0, 0];
const ONE: [number, number] = [1, 1];
const AROUND: [[number, number], [number, number], [number, number], [number, number]] = [NONE, ONE, ONE, NONE];

/** What a residual network needs of a tfjs backend, against PyTorch's numbers (tooling/golden/backend_contract.py). */
export function backendContract(name: string, setUp: () => Promise<unknown>, options: BackendContractOptions): void {
  describe(`${name}: backend contract`, () => {
    let golden: Golden;
    let tensorsBefore: number;
    beforeAll(async () => {
      golden = JSON.parse(readFileSync(resolve(import.meta.dirname, '../golden/backend-contract.json'), 'utf8'));
      await setUp();
    });
    beforeEach(() => {
      tensorsBefore = tf.memory().numTensors;
    });
    afterEach(() => {
      expect(tf.memory().numTensors, 'tensors after the test').toBe(tensorsBefore);
    });

    const matches = async (key: string, compute: () => tf.Tensor) => {
      const result = tf.tidy(compute);
      const values = await result.data();
      result.dispose();
      const expected = golden[key]!;
      expect(values.length).toBe(expected.length);
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - values[i]!)));
      expect(worst, `largest difference of ${key} from PyTorch`).toBeLessThan(TOLERANCE);
    };

    test('convolution: stride 2, explicit padding of 1', () =>
      matches('conv', () => convolve(wave(1, IMAGE), wave(2, FILTER))));

    test('batch norm: eps 1e-5', () =>
      matches('batchNorm', () => normalise(convolve(wave(1, IMAGE), wave(2, FILTER)))));

    test('max pooling: padded with minus infinity, stride 2', () => matches('maxPool', () => maxPool(poolInput())));

    test('matrix product and bias', () =>
      matches('matMul', () => tf.add(tf.matMul(wave(8, [3, 5]), wave(9, [5, 4])), wave(10, [4]))));

    test('mean over height and width', () => matches('mean', () => tf.mean(wave(1, IMAGE), [1, 2])));

    if (options.groupedConvolution)
      test('grouped convolution by the Conv2D kernel itself', () =>
        matches('groupedConv', () => {
          const x = wave(11, [1, 4, 4, 6]);
          const filter = wave(12, [3, 3, 3, 4]);
          const attributes = { strides: [1, 1], pad: 'valid', dataFormat: 'NHWC', dilations: [1, 1] };
          return tf.engine().runKernel('Conv2D', { x, filter }, attributes) as tf.Tensor;
        }));

    if (options.gradients)
      describe('gradients', () => {
        const loss = (x: tf.Tensor, filter: tf.Tensor) =>
          tf.sum(tf.mul(tf.relu(normalise(convolve(x, filter, true))), wave(13, [2, 3, 3, 4])));
        const ofConvolution = (index: number) => () => tf.grads(loss)([wave(1, IMAGE), wave(2, FILTER)])[index]!;

        test('of convolution, batch norm and ReLU to the input', () => matches('convGradX', ofConvolution(0)));

        test('of convolution, batch norm and ReLU to the filter', () => matches('convGradFilter', ofConvolution(1)));

        test('of padded max pooling', () =>
          matches('maxPoolGrad', () =>
            tf.grad((x) => tf.sum(tf.mul(maxPool(x), wave(14, [2, 3, 3, 2]))))(poolInput()),
          ));
      });
  });
}

const IMAGE = [2, 5, 6, 3];
const FILTER = [3, 3, 3, 4];

function wave(seed: number, shape: number[]): tf.Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: count }, (_, i) => Math.sin(seed + 0.7 * i)),
    shape,
  );
}

/** Gradients of explicit padding exist nowhere in tfjs: where they are wanted, the padding is an operation of its own. */
function convolve(x: tf.Tensor, filter: tf.Tensor, padApart = false): tf.Tensor4D {
  const [input, kernel] = [x as tf.Tensor4D, filter as tf.Tensor4D];
  return padApart ? tf.conv2d(tf.pad(input, AROUND), kernel, 2, 'valid') : tf.conv2d(input, kernel, 2, AROUND);
}

function normalise(x: tf.Tensor4D): tf.Tensor4D {
  const [mean, gamma, beta] = [3, 5, 6].map((seed) => wave(seed, [4]) as tf.Tensor1D);
  const variance = tf.add(tf.abs(wave(4, [4])), 0.1) as tf.Tensor1D;
  return tf.batchNorm(x, mean!, variance, beta!, gamma!, 1e-5) as tf.Tensor4D;
}

/** All negative, so that padding with zeros would show. */
function poolInput(): tf.Tensor {
  return tf.sub(wave(7, [2, 6, 5, 2]), 1.5);
}

function maxPool(x: tf.Tensor): tf.Tensor4D {
  return tf.maxPool(tf.pad(x as tf.Tensor4D, AROUND, -Infinity), 3, 2, 'valid');
}
