import { expect, test } from 'vitest';
import { digest, noiseImage, readGolden } from '../golden/pixels.ts';
import type { HuggingFaceConfig } from './hugging-face-config.ts';
import { preprocess, resizeAndCrop } from './preprocess.ts';
import { huggingFace } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { presetFromHuggingFace } from './preset-from-hugging-face.ts';

type Row = [config: string, width: number, height: number, seed: number, edgePx: number, string, number[]];
const { cases } = readGolden<{ cases: Row[] }>('hugging-face.json');
const configs = [...new Set(cases.map(([config]) => config))];
const mean = [0.485, 0.456, 0.406];
const std = [0.229, 0.224, 0.225];

test.each(configs)('transformers’ pixels and floats: %s', (config) => {
  const preset = presetFromHuggingFace(JSON.parse(config));
  for (const [, width, height, seed, edgePx, pixels, floats] of cases.filter(([of]) => of === config)) {
    const image = noiseImage(width, height, seed);
    expect(preset.cropPx).toBe(edgePx);
    expect(digest(resizeAndCrop(image, preset).data), `${width} × ${height}`).toBe(pixels);
    const prepared = preprocess(image, preset);
    const step = Math.floor(prepared.length / 9);
    for (const [at, value] of floats.entries()) {
      const tolerance = 2e-6 * Math.max(1, Math.abs(value));
      expect(Math.abs(prepared[at * step]! - value), `${width} × ${height}, ${at}`).toBeLessThan(tolerance);
    }
  }
});

test('what microsoft’s ResNets are published with is the preset of that name', () => {
  const config = { size: { shortest_edge: 224 }, crop_pct: 0.875, resample: 3, image_mean: mean, image_std: std };
  expect(presetFromHuggingFace(config)).toEqual(huggingFace);
  const former = { ...config, size: 224, feature_extractor_type: 'ConvNextFeatureExtractor' };
  expect(presetFromHuggingFace(former)).toEqual(huggingFace);
});

test('fast processors, and what they were called before, are the same processors', () => {
  for (const config of configs) {
    const { image_processor_type: type, ...others } = JSON.parse(config) as HuggingFaceConfig;
    const preset = presetFromHuggingFace(JSON.parse(config));
    expect(presetFromHuggingFace({ ...others, image_processor_type: `${type}Fast` })).toEqual(preset);
    const former = type!.replace('ImageProcessor', 'FeatureExtractor');
    expect(presetFromHuggingFace({ ...others, feature_extractor_type: former })).toEqual(preset);
  }
});

test('a processor that is not read, or does what no preset does, is refused by its field', () => {
  const bit = { image_processor_type: 'BitImageProcessor', size: { shortest_edge: 224 }, crop_size: 224, resample: 3 };
  const refuse = (config: object, message: string) => {
    const call = () => presetFromHuggingFace({ ...bit, image_mean: mean, image_std: std, ...config });
    expect(call).toThrow(PresetError);
    expect(call).toThrow(message);
  };
  refuse(
    { image_processor_type: 'LevitImageProcessor' },
    'image_processor_type: expected that of ConvNext, Bit, CLIP, ViT, DeiT, MobileNetV1, MobileNetV2, TimmWrapper, ' +
      'got "LevitImageProcessor"; give a preset',
  );
  refuse({ image_processor_type: 'constructor' }, 'got "constructor"');
  refuse({ image_processor_type: 7 }, 'got 7');
  refuse({ image_processor_type: 'x'.repeat(500) }, `got "${'x'.repeat(79)}…; give a preset`);
  refuse({ do_resize: false }, 'do_resize: expected true');
  refuse({ rescale_factor: 0 }, 'rescale_factor: expected a number above 0, got 0');
  refuse({ rescale_factor: '1' }, 'rescale_factor: expected a number above 0, got "1"');
  refuse({ do_center_crop: false }, 'do_center_crop: expected true, as the network takes squares, got false');
  refuse({ crop_size: { height: 224, width: 192 } }, 'crop_size: expected {shortest_edge: pixels} or {height, width}');
  refuse({ crop_size: { shortest_edge: 224 } }, 'crop_size: expected {height, width} of a square');
  refuse(
    { size: { height: 224, width: 192 } },
    'size: expected {shortest_edge: pixels} or {height, width} of a square',
  );
  refuse({ size: { shortest_edge: 224, longest_edge: 400 } }, 'got {"shortest_edge":224,"longest_edge":400}');
  refuse({ size: [224] }, 'got [224]');
  refuse({ size: 'abc' }, 'got "abc"');
  refuse({ size: 22.5 }, 'got 22.5');
  refuse({ image_std: 'abc' }, 'image_std: expected 3 numbers, got "abc"');
  refuse({ image_mean: [0.5] }, 'image_mean: expected 3 numbers, got [0.5]');
  refuse({ resample: 1 }, 'resample: expected 2 (bilinear) or 3 (bicubic), got 1 (lanczos)');
  refuse({ resample: null }, 'got null');
  refuse({ resample: 'length' }, 'got "length"');
  const convNext = { image_processor_type: 'ConvNextImageProcessor', crop_size: undefined };
  // Bilinear in transformers 4, bicubic in 5.
  refuse({ ...convNext, resample: undefined }, 'resample: expected 2 (bilinear) or 3 (bicubic), got undefined');
  refuse({ ...convNext, size: { height: 224, width: 224 } }, 'size: expected {shortest_edge: pixels}');
  refuse({ ...convNext, crop_pct: 2 }, 'crop_pct: expected a fraction above 0 and up to 1, got 2');
  // Cropped by some versions of transformers.
  refuse({ ...convNext, do_center_crop: true, crop_size: 192 }, 'crop_size: expected 224 pixels, as size');
  refuse({ image_processor_type: undefined, crop_size: 192 }, 'crop_size: expected 224 pixels, as size');
  const vit = { image_processor_type: 'ViTImageProcessor', size: 256, do_center_crop: true };
  refuse({ ...vit, crop_size: 224 }, 'crop_size: expected 256 pixels, as size');
  refuse({ ...vit, size: { shortest_edge: 224 } }, 'size: expected {height, width} of a square');
  expect(presetFromHuggingFace({ ...bit, ...vit, crop_size: 256 })).toMatchObject({
    resizePx: 256,
    cropMode: 'squash',
  });
});
