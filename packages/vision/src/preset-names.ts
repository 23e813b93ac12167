import { cifar, huggingFace, imagenet1kV1, imagenet1kV2, type Preset, timm224, timm288 } from './preset.ts';
import { PresetError } from './preset-error.ts';
import {
  chenyaofoCifar10,
  chenyaofoCifar100,
  clip,
  huyvnphanCifar10,
  kerasCaffe,
  kerasTf,
  kuangliuCifar10,
  weiaicunzaiCifar100,
} from './preset-publishers.ts';

const presets: Readonly<Record<string, Preset>> = {
  imagenet1kV1,
  imagenet1kV2,
  timm224,
  timm288,
  huggingFace,
  kerasCaffe,
  kerasTf,
  clip,
  cifar,
  kuangliuCifar10,
  chenyaofoCifar10,
  chenyaofoCifar100,
  weiaicunzaiCifar100,
  huyvnphanCifar10,
};

/** Names that `getPreset` knows. */
export function listPresets(): string[] {
  return Object.keys(presets);
}

/**
 * The preset called `name`, whatever its case, hyphens and underscores: `IMAGENET1K_V1` is `imagenet1kV1`.
 *
 * @throws PresetError for an unknown name; the message lists those there are.
 */
export function getPreset(name: string): Preset {
  const found = Object.entries(presets).find(([known]) => bareName(known) === bareName(name));
  if (!found) throw new PresetError(`unknown preset '${name}': expected one of ${listPresets().join(', ')}`);
  return found[1];
}

function bareName(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
