import { expect, test } from 'vitest';
import { digest, noiseImage, readGolden } from '../golden/pixels.ts';
import { preprocess, resizeAndCrop } from './preprocess.ts';
import { imagenet1kV1, imagenet1kV2, timm224, timm288 } from './preset.ts';
import { presetFromHuggingFace } from './preset-from-hugging-face.ts';
import { presetFromTimm } from './preset-from-timm.ts';

const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

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

// timm/data/constants.py: DEFAULT_CROP_PCT, IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD; resolve_data_config takes bicubic.
test('where a configuration is silent, timm’s defaults hold', () => {
  const defaults = { resizePx: 256, cropPx: 224, interpolation: 'bicubic', mean, std };
  expect(presetFromTimm({ input_size: [3, 224, 224] })).toStrictEqual(defaults);
  const silent = { test_input_size: null, crop_pct: null, test_crop_pct: null, crop_mode: null, interpolation: null };
  expect(presetFromTimm({ input_size: [3, 224, 224], mean: null, std: null, ...silent })).toStrictEqual(defaults);
});

test('transformers’ wrapper prepares pictures as timm does, at the size of training', () => {
  const { cases } = readGolden<{ cases: [string, number, number, number, number, string, string][] }>(
    'timm-transforms.json',
  );
  for (const [config, width, height, seed, edgePx, pixels, floats] of cases) {
    const named = { image_processor_type: 'TimmWrapperImageProcessor', pretrained_cfg: JSON.parse(config) };
    const preset = presetFromHuggingFace(named);
    const image = noiseImage(width, height, seed);
    expect(preset.cropPx).toBe(edgePx);
    expect(digest(resizeAndCrop(image, preset).data), `${config} ${width} × ${height}`).toBe(pixels);
    expect(digest(preprocess(image, preset)), `${config} ${width} × ${height}`).toBe(floats);
  }
});

test('a configuration that no preset can be made of is refused in one line', () => {
  const refuse = (config: object, message: string) =>
    expect(() => presetFromTimm({ input_size: [3, 224, 224], ...config })).toThrow(message);
  refuse({ input_size: [1, 28, 28] }, 'expected [3, size, size], got [1,28,28]');
  refuse({ input_size: 224 }, 'expected [3, size, size], got 224');
  refuse({ input_size: [3, 224, 192] }, 'expected [3, size, size], got [3,224,192]');
  refuse({ input_size: [3, 22.5, 22.5] }, 'expected [3, size, size], got [3,22.5,22.5]');
  refuse({ input_size: [3, 0, 0] }, 'expected [3, size, size], got [3,0,0]');
  refuse({ crop_pct: 1.01 }, 'crop_pct: expected a fraction above 0 and up to 1, got 1.01');
  refuse({ crop_pct: 0 }, 'crop_pct: expected a fraction above 0 and up to 1, got 0');
  refuse({ crop_pct: '1' }, 'crop_pct: expected a fraction above 0 and up to 1, got "1"');
  refuse({ interpolation: 'lanczos' }, 'interpolation: expected bilinear or bicubic, got "lanczos"');
  refuse({ crop_mode: 'border' }, 'crop_mode: expected center or squash, got "border"');
  refuse({ std: [0.5, null, 0.5] }, 'std: expected 3 numbers, got [0.5,null,0.5]');
  refuse({ mean: [0.5, 0.5, 0.5, 0.5] }, 'mean: expected 3 numbers, got [0.5,0.5,0.5,0.5]');
  refuse({ mean: [0.5] }, 'mean: expected 3 numbers, got [0.5]');
  const wrapped = { image_processor_type: 'TimmWrapperImageProcessor' };
  expect(() => presetFromHuggingFace(wrapped)).toThrow(
    'pretrained_cfg: expected timm’s configuration'.replace('’', "'"),
  );
  expect(() => presetFromHuggingFace({ ...wrapped, pretrained_cfg: null })).toThrow('got null; give a preset');
  expect(() => presetFromHuggingFace({ ...wrapped, pretrained_cfg: 'resnet50' as never })).toThrow('got "resnet50"');
});
