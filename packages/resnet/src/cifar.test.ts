import { shapesOnly } from '@residual/blocks';
import { expect, test } from 'vitest';
import { cifarPlainSpec, cifarResNetSpec, cifarSpecOf } from './cifar.ts';
import { createModel, getSpec } from './registry.ts';
import { UnknownModelError } from './unknown-model-error.ts';

// Counted by torch, of tooling/golden/cifar_resnet.py's nets.
test.each([
  ['resnet8', 75_290],
  ['resnet14_b', 175_258],
  ['plain14', 172_506],
  ['resnet1202', 19_421_274],
  ['resnet1202_b', 19_424_026],
])('%s, of a depth that is not listed, is built by its name, with %i parameters', (name, count) => {
  const { spec, variableSpecs } = createModel(name, { vars: shapesOnly });
  const sizes = [...variableSpecs.values()].filter(({ trainable }) => trainable).map(({ shape }) => shape);
  expect(spec.name).toBe(name);
  expect(sizes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(count);
});

test('names of CIFAR nets say their depth and their shortcuts', () => {
  expect(cifarSpecOf('resnet26')).toEqual(cifarResNetSpec(26));
  expect(cifarSpecOf('resnet20_b')).toEqual(cifarResNetSpec(20, 'B'));
  expect(cifarSpecOf('plain62')).toEqual(cifarPlainSpec(62));
});

test('ImageNet’s nets keep their names where a depth is 6n + 2 too', () => {
  for (const name of ['resnet26', 'resnet50', 'resnet152']) expect(getSpec(name).depths).toHaveLength(4);
});

test.each(['resnet2', 'resnet21', 'plain20_b', 'resnet020', 'resnet20_c', 'xresnet20', 'resnet100004', 'resnet'])(
  '%s is no CIFAR net',
  (name) => {
    expect(cifarSpecOf(name)).toBeUndefined();
    expect(() => getSpec(name)).toThrow(UnknownModelError);
  },
);
