import { expect, test } from 'vitest';
import { huggingFace, imagenet1kV1, imagenet1kV2, timm224, timm288 } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { presetFromHuggingFace, presetFromTimm } from './preset-from-config.ts';
import { getPreset, listPresets } from './preset-names.ts';

const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

test('a preset is found by its name, in torchvision’s spelling too', () => {
  for (const name of listPresets()) expect(getPreset(name).cropPx).toBeGreaterThan(0);
  expect(getPreset('IMAGENET1K_V2')).toBe(imagenet1kV2);
});

test('an unknown name is answered with those there are', () => {
  expect(() => getPreset('imagenet')).toThrow(
    "unknown preset 'imagenet': expected one of imagenet1kV1, imagenet1kV2, timm224, timm288, huggingFace, kerasCaffe, kerasTf, clip, cifar, kuangliuCifar10, chenyaofoCifar10, chenyaofoCifar100, weiaicunzaiCifar100, huyvnphanCifar10",
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

test('Hugging Face’s other processors resize to a square, or by the shorter edge, and crop', () => {
  const common = {
    resample: 3,
    do_rescale: true,
    rescale_factor: 0.00392156862745098,
    image_mean: mean,
    image_std: std,
  };
  const vit = { ...common, image_processor_type: 'ViTImageProcessorFast', size: { height: 224, width: 224 } };
  const squashed = { resizePx: 224, cropPx: 224, cropMode: 'squash', interpolation: 'bicubic', mean, std };
  expect(presetFromHuggingFace(vit)).toEqual(squashed);
  expect(presetFromHuggingFace({ ...vit, size: 224, feature_extractor_type: 'ViTFeatureExtractor' })).toEqual(squashed);
  const deit = { ...vit, image_processor_type: 'DeiTImageProcessor', size: { height: 256, width: 256 } };
  const cropped = { ...squashed, resizePx: 256 };
  expect(presetFromHuggingFace({ ...deit, do_center_crop: true, crop_size: 224 })).toEqual(cropped);
  const bit = {
    ...common,
    image_processor_type: 'BitImageProcessor',
    size: { shortest_edge: 256 },
    do_center_crop: true,
  };
  expect(presetFromHuggingFace({ ...bit, crop_size: { height: 224, width: 224 } })).toEqual(huggingFace);
  const clip = { ...bit, image_processor_type: 'CLIPImageProcessor', size: 224, crop_size: 224, do_normalize: false };
  const raw = { resizePx: 224, cropPx: 224, cropMode: 'center-floor', mean: [0, 0, 0], std: [1, 1, 1] };
  expect(presetFromHuggingFace(clip)).toMatchObject(raw);
});

test('a processor that is not read, or does what no preset does, is refused by its field', () => {
  const bit = { image_processor_type: 'BitImageProcessor', size: { shortest_edge: 224 }, crop_size: 224, resample: 3 };
  const refuse = (config: object, message: string) =>
    expect(() => presetFromHuggingFace({ ...bit, image_mean: mean, image_std: std, ...config })).toThrow(message);
  refuse({ image_processor_type: 'LevitImageProcessor' }, 'image_processor_type: expected that of ConvNext, ViT');
  refuse({ image_processor_type: 'constructor' }, 'got constructor');
  refuse({ do_resize: false }, 'do_resize: expected true');
  refuse({ rescale_factor: 1 }, 'rescale_factor: expected 1/255, got 1');
  refuse({ do_center_crop: false }, 'do_center_crop: expected true');
  refuse({ crop_size: 256 }, 'crop_size: expected at most 224 pixels, got 256');
  refuse({ size: { height: 224, width: 192 } }, 'size: expected {height, width} of a square');
  refuse({ image_mean: null }, 'image_mean: expected 3 numbers');
  refuse({ resample: undefined }, "got PIL's undefined");
  refuse({ image_std: 'abc' }, 'image_std: expected 3 numbers, got "abc"');
  refuse({ image_processor_type: 7 }, 'got 7');
  expect(() => presetFromTimm({ input_size: 224 as never })).toThrow('expected [3, size, size], got 224');
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
