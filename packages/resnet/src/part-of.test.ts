import { shapesOnly } from '@residual/blocks';
import { expect, test } from 'vitest';
import { blockPaths, partOf } from './part-of.ts';
import { createModel } from './registry.ts';

test.each([
  ['resnet18', 'conv1', 'stem'],
  ['resnet18', 'layer1.0.conv2', 'layer1.0'],
  ['resnet18', 'layer4.1.bn2.weight', 'layer4.1'],
  ['resnet18', 'fc', 'fc'],
  ['resnet18', 'fc.weight', 'fc'],
  ['resnet18', '', 'stem'],
  ['resnet101', 'layer3.22.conv1', 'layer3.22'],
  ['resnet101', 'layer3.2.conv1', 'layer3.2'],
  ['resnetv2_50', 'stem.conv', 'stem'],
  ['resnetv2_50', 'stages.3.blocks.2.norm1', 'stages.3.blocks.2'],
  ['resnetv2_50', 'norm', 'head.fc'],
  ['clip_resnet50', 'attnpool', 'fc'],
  ['clip_resnet50', 'attnpool.q_proj.weight', 'fc'],
])("%s: '%s' is of %s", (name, path, part) => {
  expect(partOf(createModel(name, { vars: shapesOnly }), path)).toBe(part);
});

test('blocks are called as the spec calls them, in order', () => {
  const { spec } = createModel('resnetv2_50', { vars: shapesOnly, numClasses: 3 });
  expect(blockPaths({ ...spec, depths: [1, 2] })).toEqual([
    'stages.0.blocks.0',
    'stages.1.blocks.0',
    'stages.1.blocks.1',
  ]);
});
