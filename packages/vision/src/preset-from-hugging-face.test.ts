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

const clipMean = [0.48145466, 0.4578275, 0.40821073];
const clipStd = [0.26862954, 0.26130258, 0.27577711];
const half = [0.5, 0.5, 0.5];

// The defaults of each class's __init__ in transformers/models/*/image_processing_*.py.
test.each([
  [
    'Bit',
    { resizePx: 224, cropPx: 224, cropMode: 'center-floor', interpolation: 'bicubic', mean: clipMean, std: clipStd },
  ],
  [
    'CLIP',
    { resizePx: 224, cropPx: 224, cropMode: 'center-floor', interpolation: 'bicubic', mean: clipMean, std: clipStd },
  ],
  ['ViT', { resizePx: 224, cropPx: 224, cropMode: 'squash', interpolation: 'bilinear', mean: half, std: half }],
  ['DeiT', { resizePx: 256, cropPx: 224, cropMode: 'squash-floor', interpolation: 'bicubic', mean: half, std: half }],
  [
    'MobileNetV1',
    { resizePx: 256, cropPx: 224, cropMode: 'center-floor', interpolation: 'bilinear', mean: half, std: half },
  ],
  [
    'MobileNetV2',
    { resizePx: 256, cropPx: 224, cropMode: 'center-floor', interpolation: 'bilinear', mean: half, std: half },
  ],
])('where its configuration is silent, %s has its defaults', (name, defaults) => {
  for (const kind of ['ImageProcessor', 'ImageProcessorFast', 'ImageProcessorPil', 'FeatureExtractor'])
    expect(presetFromHuggingFace({ image_processor_type: `${name}${kind}` })).toStrictEqual(defaults);
});

test('ConvNext’s warps from 384 pixels on, which it takes where its size is silent, and crops below', () => {
  const warped = { resizePx: 384, cropPx: 384, cropMode: 'squash', interpolation: 'bilinear', mean: half, std: half };
  const silent = { image_processor_type: null, feature_extractor_type: null, crop_size: null, do_center_crop: null };
  expect(presetFromHuggingFace({ resample: 2 })).toStrictEqual(warped);
  expect(presetFromHuggingFace({ resample: 2, size: null, crop_pct: null, ...silent })).toStrictEqual(warped);
  const cropped = { ...warped, resizePx: Math.floor(383 / 0.875), cropPx: 383, cropMode: 'center-floor' };
  expect(presetFromHuggingFace({ resample: 2, size: 383 })).toStrictEqual(cropped);
});

test('a crop that the size already is changes nothing, whether it is asked for or not', () => {
  const convNext = { resample: 3, size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 } };
  const expected = presetFromHuggingFace({ resample: 3, size: 224 });
  expect(presetFromHuggingFace(convNext)).toEqual(expected);
  expect(presetFromHuggingFace({ ...convNext, crop_size: 192, do_center_crop: false })).toEqual(expected);
  const named = { image_processor_type: 'ConvNextImageProcessor', resample: 3, size: 224, crop_size: 192 };
  expect(presetFromHuggingFace(named)).toEqual(expected);
});

test('a square, in each of its spellings, loses the aspect; without a crop it is what the network sees', () => {
  const deit = { image_processor_type: 'DeiTImageProcessor', crop_size: [160, 160] };
  const expected = { resizePx: 192, cropPx: 160, cropMode: 'squash-floor' };
  for (const size of [192, [192, 192], { height: 192, width: 192 }, { height: 192, width: 192, shortest_edge: null }])
    expect(presetFromHuggingFace({ ...deit, size: size as number })).toMatchObject(expected);
  const uncropped = { resizePx: 192, cropPx: 192, cropMode: 'squash' };
  expect(presetFromHuggingFace({ ...deit, size: 192, do_center_crop: false })).toMatchObject(uncropped);
  const bit = { image_processor_type: 'BitImageProcessor', size: { height: 192, width: 192 } };
  expect(presetFromHuggingFace({ ...bit, do_center_crop: false })).toMatchObject(uncropped);
  expect(presetFromHuggingFace(bit)).toMatchObject({ resizePx: 192, cropPx: 224, cropMode: 'squash-floor' });
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
  refuse({ rescale_factor: Number.POSITIVE_INFINITY }, 'rescale_factor: expected a number above 0');
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
  refuse({ resample: 0 }, 'got 0 (nearest)');
  refuse({ resample: 4 }, 'got 4 (box)');
  refuse({ resample: 5 }, 'got 5 (hamming)');
  refuse({ resample: 6 }, 'got 6');
  refuse({ size: [224, 224, 3] }, 'got [224,224,3]');
  refuse({ size: { height: 224 } }, 'got {"height":224}');
  refuse({ size: { shortest_edge: 224, width: 224 } }, 'got {"shortest_edge":224,"width":224}');
  refuse({ size: { shortest_edge: 224, height: 224, width: 224 } }, 'size: expected {shortest_edge: pixels}');
  refuse({ size: 0 }, 'got 0');
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
