import { expect, test } from 'vitest';
import { getPreset, huggingFace, imagenet1kV1, imagenet1kV2, listPresets, timm224, timm288 } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { presetFromHuggingFace, presetFromTimm } from './preset-from-config.ts';

const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

test('a preset is found by its name, in torchvision’s spelling too', () => {
  for (const name of listPresets()) expect(getPreset(name).cropPx).toBeGreaterThan(0);
  expect(getPreset('IMAGENET1K_V2')).toBe(imagenet1kV2);
});

test('an unknown name is answered with those there are', () => {
  expect(() => getPreset('imagenet')).toThrow(
    "unknown preset 'imagenet': expected one of imagenet1kV1, imagenet1kV2, timm224, timm288, huggingFace, cifar",
  );
  expect(() => getPreset('constructor')).toThrow(PresetError);
});

test('timm’s configurations give the sizes of timm’s evaluation', () => {
  const tv = { input_size: [3, 224, 224], crop_pct: 0.875, interpolation: 'bilinear', mean, std };
  expect(presetFromTimm(tv)).toEqual(imagenet1kV1);
  const tv2 = { ...tv, input_size: [3, 176, 176], test_input_size: [3, 224, 224], test_crop_pct: 0.965 };
  expect(presetFromTimm(tv2)).toEqual(imagenet1kV2);
  const a1 = { ...tv, crop_pct: 0.95, interpolation: 'bicubic' };
  expect(presetFromTimm(a1)).toEqual(timm224);
  expect(presetFromTimm({ ...a1, test_input_size: [3, 288, 288], test_crop_pct: 1 })).toEqual(timm288);
  const ra4 = presetFromTimm({ ...a1, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], crop_mode: 'squash' });
  expect(ra4).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], cropMode: 'squash' });
});

test('Hugging Face’s processor resizes to size / crop_pct and crops by rounding down', () => {
  const config = { size: { shortest_edge: 224 }, crop_pct: 0.875, resample: 3, image_mean: mean, image_std: std };
  expect(presetFromHuggingFace(config)).toEqual(huggingFace);
  expect(presetFromHuggingFace({ ...config, size: 384 })).toMatchObject({
    resizePx: 384,
    cropPx: 384,
    cropMode: 'squash',
  });
});

test('a configuration that no preset can be made of is refused in one line', () => {
  expect(() => presetFromTimm({ input_size: [1, 28, 28] })).toThrow('expected [3, size, size], got [1,28,28]');
  expect(() => presetFromTimm({ input_size: [3, 224, 224], crop_pct: 0 })).toThrow('crop_pct');
  expect(() => presetFromTimm({ input_size: [3, 224, 224], interpolation: 'lanczos' })).toThrow('got lanczos');
  expect(() => presetFromTimm({ input_size: [3, 224, 224], crop_mode: 'border' })).toThrow('got border');
  expect(() => presetFromTimm({ input_size: [3, 224, 224], mean: [0.5] })).toThrow('mean: expected 3 numbers');
  expect(() => presetFromHuggingFace({})).toThrow(PresetError);
  expect(() => presetFromHuggingFace({ size: 224, resample: 1 })).toThrow("got PIL's 1");
});
