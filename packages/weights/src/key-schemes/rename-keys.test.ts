import { expect, test } from 'vitest';
import { renameKeys } from './rename-keys.ts';

const rename = (...keys: string[]) => {
  const { scheme, entries, notes } = renameKeys('file', new Map(keys.map((key) => [key, key])));
  return { scheme, names: [...entries.keys()], notes };
};

test.each(['resnet.', ''])('Hugging Face names with the prefix %j become torchvision’s', (prefix) => {
  expect(
    rename(
      `${prefix}embedder.embedder.convolution.weight`,
      `${prefix}embedder.embedder.normalization.running_mean`,
      `${prefix}encoder.stages.0.layers.0.layer.0.convolution.weight`,
      `${prefix}encoder.stages.2.layers.11.layer.2.normalization.num_batches_tracked`,
      `${prefix}encoder.stages.3.layers.0.shortcut.convolution.weight`,
      `${prefix}encoder.stages.3.layers.0.shortcut.normalization.bias`,
      'classifier.1.weight',
    ),
  ).toEqual({
    scheme: 'huggingface',
    names: [
      'conv1.weight',
      'bn1.running_mean',
      'layer1.0.conv1.weight',
      'layer3.11.bn3.num_batches_tracked',
      'layer4.0.downsample.0.weight',
      'layer4.0.downsample.1.bias',
      'fc.weight',
    ],
    notes: [],
  });
});

test('akamaster’s classifier becomes fc, whatever wraps the model', () => {
  expect(
    rename(
      '_orig_mod.module.conv1.weight',
      '_orig_mod.module.layer1.0.conv1.weight',
      '_orig_mod.module.linear.bias',
      '_orig_mod.module.linear.weight',
    ),
  ).toEqual({
    scheme: 'akamaster',
    names: ['conv1.weight', 'layer1.0.conv1.weight', 'fc.bias', 'fc.weight'],
    notes: ["prefix '_orig_mod.module.' taken off the names"],
  });
});

test('timm’s deep stem is recognised, and the names without a counterpart are said', () => {
  const { scheme, notes } = rename(
    'conv1.0.weight',
    'conv1.3.weight',
    'bn1.weight',
    'layer1.0.conv1.weight',
    'fc.weight',
  );
  expect({ scheme, notes }).toEqual({
    scheme: 'timm',
    notes: ['names that no ResNet of torchvision’s has: conv1.0.weight, conv1.3.weight'.replace('’', "'")],
  });
});

test('torchvision’s names stay', () => {
  const keys = ['conv1.weight', 'bn1.weight', 'layer1.0.conv1.weight', 'layer2.0.downsample.1.running_var', 'fc.bias'];
  expect(rename(...keys)).toEqual({ scheme: 'torchvision', names: keys, notes: [] });
});

test('two tensors for one name are refused', () => {
  expect(() => rename('conv1.weight', 'layer1.0.conv1.weight', 'linear.weight', 'fc.weight')).toThrow(
    'file: expected one tensor for fc.weight, got two',
  );
});
