import { getSpec } from '@residual/resnet/registry';
import {
  chenyaofoCifar10,
  chenyaofoCifar100,
  cifar,
  clip,
  huyvnphanCifar10,
  imagenet1kV1,
  imagenet1kV2,
  kerasCaffe,
  kerasTf,
  kuangliuCifar10,
  weiaicunzaiCifar100,
} from '@residual/vision';
import { expect, test } from 'vitest';
import { defaultPreset } from './default-preset.ts';
import { publisherPreset } from './publisher-preset.ts';

const cifarNet = getSpec('cifar_resnet18');

test.each([
  ['kuangliu', 'ckpt.pth', 10, kuangliuCifar10],
  ['weiaicunzai', 'resnet18-200-best.pth', 100, weiaicunzaiCifar100],
  ['torchvision', 'models/cifar10_resnet20-4118986f.pt', 10, chenyaofoCifar10],
  ['torchvision', 'cifar100_resnet56-f2eff4c8.pt', 100, chenyaofoCifar100],
] as const)('of %s, %s, %i classes, it is the publisher’s', (scheme, fileName, numClasses, preset) => {
  const found = publisherPreset({ ...cifarNet, numClasses }, scheme, fileName);
  expect(found?.preset).toBe(preset);
  const whose = scheme === 'torchvision' ? 'chenyaofo' : scheme;
  expect(found?.note).toContain(`normalised as ${whose}'s CIFAR-${numClasses} nets have them (options mean, std)`);
});

test.each([
  ['kuangliu', 'ckpt.pth', 43],
  ['weiaicunzai', 'best.pth', 10],
  ['torchvision', 'cifar10_resnet20.pt', 100],
  ['torchvision', 'mycifar10_resnet20.pt', 10],
  ['torchvision', 'resnet20.pt', 10],
  ['torchvision', 'cifar10_resnet.pt', 10],
  ['torchvision', 'other', 100],
] as const)('of %s, %s, %i classes, nobody’s is known', (scheme, fileName, numClasses) => {
  expect(publisherPreset({ ...cifarNet, numClasses }, scheme, fileName)).toBeUndefined();
});

test('of a net for large pictures nobody’s is a CIFAR preset', () => {
  expect(publisherPreset({ ...getSpec('resnet18'), numClasses: 10 }, 'kuangliu', 'ckpt.pth')).toBeUndefined();
});

test.each([
  ['resnet50', imagenet1kV1],
  ['resnext101_64x4d', imagenet1kV2],
  ['keras_resnet101', kerasCaffe],
  ['keras_resnet101v2', kerasTf],
  ['clip_resnet50', clip],
  ['clip_resnet50x16', { ...clip, resizePx: 384, cropPx: 384 }],
  ['resnet20', cifar],
  ['cifar_resnet50_maxpool', huyvnphanCifar10],
])('%s by itself has a preset', (name, preset) => {
  expect(defaultPreset(getSpec(name))).toEqual(preset);
});
