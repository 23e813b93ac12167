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
  refuse({ crop_pct: 0 }, 'crop_pct: expected a fraction above 0 and up to 1, got 0');
  refuse({ crop_pct: '1' }, 'crop_pct: expected a fraction above 0 and up to 1, got "1"');
  refuse({ interpolation: 'lanczos' }, 'interpolation: expected bilinear or bicubic, got "lanczos"');
  refuse({ crop_mode: 'border' }, 'crop_mode: expected center or squash, got "border"');
  refuse({ mean: [0.5] }, 'mean: expected 3 numbers, got [0.5]');
  const wrapped = { image_processor_type: 'TimmWrapperImageProcessor' };
  expect(() => presetFromHuggingFace(wrapped)).toThrow(
    'pretrained_cfg: expected timm’s configuration'.replace('’', "'"),
  );
});
