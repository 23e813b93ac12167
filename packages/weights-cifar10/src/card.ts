// Made by tooling/model-card/make.mjs.
import type { ModelCard } from './model-card.ts';

/** The card of `model.safetensors`. */
export const card: ModelCard = {
  model: 'resnet56',
  sha256: '81e6ec776030cc5b4e80164dc78f40b04ffe19ddaa642b9f56cf641248cece8e',
  sizeBytes: 1738012,
  parameters: 853018,
  test: {
    correct: 8978,
    total: 10000,
    top1: 89.78,
    top5: 99.66,
    loss: 0.3114,
    calibrationError: 0.0266,
  },
  seed: 1,
  precision: 'bfloat16',
  command:
    'residual train --model resnet56 --data cifar10:DIR --recipe cifar-degradation --epochs 15 --seed 1 --precision bfloat16 --out RUN',
  recipe: {
    epochs: 15,
    batchSize: 128,
    sizePx: 32,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
    optimizer: {
      sgd: {
        momentum: 0.9,
        nesterov: true,
        weightDecay: 0.0005,
      },
    },
    schedule: {
      oneCycle: {
        highest: 0.1,
        rising: 0.2,
        startDivisor: 10,
        endDivisor: 1000,
      },
    },
    decayNormAndBias: false,
    augment: [
      {
        randomCrop: {
          sizePx: 32,
          paddingPx: 4,
        },
      },
      {
        randomFlip: {},
      },
    ],
  },
  curve: [
    {
      epoch: 1,
      trainError: 62.8,
      testError: 59.51,
    },
    {
      epoch: 2,
      trainError: 44.75,
      testError: 39.82,
    },
    {
      epoch: 3,
      trainError: 33.47,
      testError: 35.72,
    },
    {
      epoch: 4,
      trainError: 26.41,
      testError: 32.13,
    },
    {
      epoch: 5,
      trainError: 23.06,
      testError: 24.08,
    },
    {
      epoch: 6,
      trainError: 20.71,
      testError: 24.54,
    },
    {
      epoch: 7,
      trainError: 18.96,
      testError: 19.76,
    },
    {
      epoch: 8,
      trainError: 17.17,
      testError: 20.65,
    },
    {
      epoch: 9,
      trainError: 15.71,
      testError: 18.54,
    },
    {
      epoch: 10,
      trainError: 14.13,
      testError: 15.84,
    },
    {
      epoch: 11,
      trainError: 12.34,
      testError: 15.12,
    },
    {
      epoch: 12,
      trainError: 10.78,
      testError: 13.6,
    },
    {
      epoch: 13,
      trainError: 8.9,
      testError: 11.16,
    },
    {
      epoch: 14,
      trainError: 7.46,
      testError: 10.42,
    },
    {
      epoch: 15,
      trainError: 6.76,
      testError: 10.21,
    },
  ],
  versions: {
    residual: '0.0.0',
    node: '20.20.2',
    tfjs: '4.22.0',
    'tfjs-node': '4.22.0',
    tensorflow: 'libtensorflow 2.13.1',
  },
  licence: 'MIT',
};
