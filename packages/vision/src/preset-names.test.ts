import { expect, test } from 'vitest';
import { imagenet1kV2 } from './preset.ts';
import { PresetError } from './preset-error.ts';
import { getPreset, listPresets } from './preset-names.ts';

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
