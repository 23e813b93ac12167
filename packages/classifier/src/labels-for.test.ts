import { shapesOnly } from '@residual/blocks';
import { createModel } from '@residual/resnet/registry';
import { expect, test } from 'vitest';
import { ClassifierError } from './classifier-error.ts';
import { labelsFor } from './labels-for.ts';

const labelsOf = (name: string, numClasses: number | null, given?: readonly string[]): Promise<readonly string[]> =>
  labelsFor(createModel(name, { vars: shapesOnly, numClasses }), given);

test('a thousand classes are ImageNet’s, ten of a net for 32 pixels CIFAR-10’s', async () => {
  const imagenet = await labelsOf('resnet18', 1000);
  expect([imagenet.length, imagenet[0], imagenet[999]]).toEqual([1000, 'tench', 'toilet paper']);
  const cifar = await labelsOf('resnet20', 10);
  expect([cifar.length, cifar[0], cifar[9]]).toEqual([10, 'airplane', 'truck']);
});

test('others are numbered', async () => {
  expect(await labelsOf('resnet18', 3)).toEqual(['class 0', 'class 1', 'class 2']);
  expect((await labelsOf('resnet18', 10))[0]).toBe('class 0');
  expect((await labelsOf('resnet20', 100))[99]).toBe('class 99');
});

test('names that are given are taken, if they are as many as the classes', async () => {
  const names = ['cat', 'dog'];
  expect(await labelsOf('resnet18', 2, names)).toBe(names);
  const refused = labelsOf('resnet18', 3, names);
  await expect(refused).rejects.toThrow('labels: expected 3 names, one per class, got 2');
  await expect(refused).rejects.toSatisfy(ClassifierError.isInstance);
});

test('a network without a head has no classes to name', async () => {
  expect(await labelsOf('resnet18', null)).toEqual([]);
  expect(await labelsOf('resnet18', null, ['cat'])).toEqual([]);
});
