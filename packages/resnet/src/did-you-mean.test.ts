import { expect, test } from 'vitest';
import { didYouMean } from './did-you-mean.ts';
import { listModels } from './registry.ts';

test.each([
  ['ResNet18', 'resnet18'],
  ['resnet-18', 'resnet18'],
  ['Resnet_50', 'resnet50'],
  ['rsnet50', 'resnet50'],
  ['resent101', 'resnet101'],
  ['resnext50-32x4d', 'resnext50_32x4d'],
  ['wide_resnet50', 'wide_resnet50_2'],
])('%s was to be %s', (name, meant) => {
  expect(didYouMean(name, listModels())).toBe(`; did you mean '${meant}'?`);
});

test('of two as near, and of what is far from all, none is named', () => {
  expect(didYouMean('resnet19', ['resnet18', 'resnet10'])).toBe('');
  expect(didYouMean('efficientnet_b0', listModels())).toBe('');
  expect(didYouMean('ab', ['cd', 'efgh'])).toBe('');
  expect(didYouMean('anything', [])).toBe('');
});

test('classes too', () => {
  const labels = ['espresso', 'tabby cat', 'cup', 'cap'];
  expect(didYouMean('expresso', labels)).toBe("; did you mean 'espresso'?");
  expect(didYouMean('Tabby_Cat', labels)).toBe("; did you mean 'tabby cat'?");
  expect(didYouMean('cop', labels)).toBe('');
});
