import { expect, test } from 'vitest';
import { imagenet1kV2 } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { getPreset, listPresets } from './preset-names.ts';

test('a preset is found by its name, in torchvision’s spelling too', () => {
  for (const name of listPresets()) expect(getPreset(name).cropPx).toBeGreaterThan(0);
  expect(getPreset('IMAGENET1K_V2')).toBe(imagenet1kV2);
});

// torchvision's transforms of each weights enum, timm's pretrained_cfg, transformers' preprocessor_config.json of
// microsoft/resnet-50, and the publishers' own scripts that preset-publishers.ts names.
test.each([
  ['imagenet1kV1', 256, 224, 'bilinear', [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]],
  ['imagenet1kV2', 232, 224, 'bilinear', [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]],
  ['timm224', 235, 224, 'bicubic', [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]],
  ['timm288', 288, 288, 'bicubic', [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]],
  ['huggingFace', 256, 224, 'bicubic', [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]],
  ['clip', 224, 224, 'bicubic', [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]],
  ['kerasTf', 256, 224, 'bilinear', [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]],
  ['cifar', 32, 32, 'bilinear', [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]],
  ['kuangliuCifar10', 32, 32, 'bilinear', [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]],
  ['chenyaofoCifar10', 32, 32, 'bilinear', [0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]],
  ['chenyaofoCifar100', 32, 32, 'bilinear', [0.507, 0.4865, 0.4409], [0.2673, 0.2564, 0.2761]],
  ['huyvnphanCifar10', 32, 32, 'bilinear', [0.4914, 0.4822, 0.4465], [0.2471, 0.2435, 0.2616]],
])('%s is its publisher’s', (name, resizePx, cropPx, interpolation, mean, std) => {
  expect(getPreset(name)).toMatchObject({ resizePx, cropPx, interpolation, mean, std });
});

test('Keras’s caffe mode takes the mean from bytes of 0 … 255 and divides by nothing', () => {
  const { mean, std } = getPreset('keras-caffe');
  expect([...mean, ...std].map((value) => Number((value * 255).toFixed(6)))).toEqual([
    123.68, 116.779, 103.939, 1, 1, 1,
  ]);
});

test('an unknown name is answered with those there are', () => {
  expect(() => getPreset('imagenet')).toThrow(
    "unknown preset 'imagenet': expected one of imagenet1kV1, imagenet1kV2, timm224, timm288, huggingFace, kerasCaffe, kerasTf, clip, cifar, kuangliuCifar10, chenyaofoCifar10, chenyaofoCifar100, weiaicunzaiCifar100, huyvnphanCifar10",
  );
  expect(() => getPreset('constructor')).toThrow(PresetError);
});
