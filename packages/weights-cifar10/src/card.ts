// Made by tooling/model-card/make.mjs.
import type { ModelCard } from './model-card.ts';

/** The card of `model.safetensors`. */
export const card: ModelCard = {
  model: 'wide_resnet14_2',
  sha256: '2768c2f544bb2fecb9b89e2f587425e866029d9aea18ca41192a3ba8b4e96ee5',
  sizeBytes: 1404652,
  parameters: 696618,
  test: {
    correct: 9251,
    total: 10000,
    top1: 92.51,
    top5: 99.82,
    loss: 0.2377,
    calibrationError: 0.0267,
  },
  seed: 1,
  precision: 'bf16',
  command:
    'residual train --model wide_resnet14_2 --data cifar10:DIR --recipe cifar-short --epochs 30 --seed 1 --evaluate-every 3 --precision bf16 --out RUN',
  recipe: {
    epochs: 30,
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
        highest: 0.2,
        rising: 0.25,
        startDivisor: 10,
        endDivisor: 1000,
      },
    },
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
    decayNormAndBias: false,
  },
  curve: [
    {
      epoch: 1,
      trainError: 55.67,
    },
    {
      epoch: 2,
      trainError: 37.64,
    },
    {
      epoch: 3,
      trainError: 30.53,
      testError: 33.56,
    },
    {
      epoch: 4,
      trainError: 26.06,
    },
    {
      epoch: 5,
      trainError: 23.08,
    },
    {
      epoch: 6,
      trainError: 21.93,
      testError: 29.24,
    },
    {
      epoch: 7,
      trainError: 20.95,
    },
    {
      epoch: 8,
      trainError: 19.59,
    },
    {
      epoch: 9,
      trainError: 18.82,
      testError: 24.21,
    },
    {
      epoch: 10,
      trainError: 18.06,
    },
    {
      epoch: 11,
      trainError: 17.48,
    },
    {
      epoch: 12,
      trainError: 17.06,
      testError: 20.21,
    },
    {
      epoch: 13,
      trainError: 16.45,
    },
    {
      epoch: 14,
      trainError: 15.62,
    },
    {
      epoch: 15,
      trainError: 15.01,
      testError: 18.98,
    },
    {
      epoch: 16,
      trainError: 14.57,
    },
    {
      epoch: 17,
      trainError: 13.83,
    },
    {
      epoch: 18,
      trainError: 13.21,
      testError: 15.52,
    },
    {
      epoch: 19,
      trainError: 12.42,
    },
    {
      epoch: 20,
      trainError: 11.62,
    },
    {
      epoch: 21,
      trainError: 10.61,
      testError: 12.03,
    },
    {
      epoch: 22,
      trainError: 9.8,
    },
    {
      epoch: 23,
      trainError: 8.58,
    },
    {
      epoch: 24,
      trainError: 7.25,
      testError: 10.09,
    },
    {
      epoch: 25,
      trainError: 6.23,
    },
    {
      epoch: 26,
      trainError: 5.07,
    },
    {
      epoch: 27,
      trainError: 3.97,
      testError: 7.66,
    },
    {
      epoch: 28,
      trainError: 3.19,
    },
    {
      epoch: 29,
      trainError: 2.61,
    },
    {
      epoch: 30,
      trainError: 2.29,
      testError: 7.55,
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
