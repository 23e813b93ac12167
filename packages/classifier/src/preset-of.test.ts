import { cifar, imagenet1kV1, PresetError } from '@residual/vision';
import { expect, test } from 'vitest';
import { presetOf } from './preset-of.ts';

test('a preset is itself; configurations are read as their publisher’s library reads them', () => {
  expect(presetOf({ kind: 'preset', preset: cifar })).toBe(cifar);
  const { mean, std } = imagenet1kV1;
  const timm = { input_size: [3, 224, 224], crop_pct: 0.875, interpolation: 'bilinear', mean, std };
  expect(presetOf({ kind: 'timm', config: timm })).toEqual(imagenet1kV1);
  const vit = { image_processor_type: 'ViTImageProcessor', size: 32 };
  expect(presetOf({ kind: 'huggingface', config: vit })).toMatchObject({ cropPx: 32, cropMode: 'squash' });
});

test('what it can’t be made of names the file that says it', () => {
  const timm = () => presetOf({ kind: 'timm', config: { input_size: [3, 224, 224], crop_pct: 2 } });
  expect(timm).toThrow(PresetError);
  expect(timm).toThrow(/^config\.json: crop_pct: expected a fraction/);
  const huggingFace = () => presetOf({ kind: 'huggingface', config: { image_processor_type: 'Levit' } });
  expect(huggingFace).toThrow(PresetError);
  expect(huggingFace).toThrow(/^preprocessor_config\.json: image_processor_type: expected that of/);
});
