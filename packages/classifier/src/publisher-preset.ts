import { imagenetStem, type ResNetSpec } from '@residual/resnet';
import {
  chenyaofoCifar10,
  chenyaofoCifar100,
  kuangliuCifar10,
  type Preset,
  weiaicunzaiCifar100,
} from '@residual/vision';
import type { ReadStateDictResult } from '@residual/weights';

/** A publisher's preset, and how it shows whose the weights are. */
export interface PublisherPreset {
  readonly preset: Preset;
  /** For people. */
  readonly note: string;
}

/**
 * How the publisher of a CIFAR net prepares pictures, where the names of the tensors or of the file say whose it is, and the
 * classes are as many as the publisher's.
 */
export function publisherPreset(
  { stem = imagenetStem, numClasses }: ResNetSpec,
  scheme: ReadStateDictResult['scheme'] | undefined,
  fileName: string,
): PublisherPreset | undefined {
  if (stem.sizePx !== 32) return undefined;
  const said = (preset: Preset, whose: string): PublisherPreset => {
    return {
      preset,
      note: `pictures are normalised as ${whose}'s CIFAR-${numClasses} nets have them (options mean, std)`,
    };
  };
  if (scheme === 'kuangliu' && numClasses === 10) return said(kuangliuCifar10, 'kuangliu');
  if (scheme === 'weiaicunzai' && numClasses === 100) return said(weiaicunzaiCifar100, 'weiaicunzai');
  // chenyaofo's names of files; the tensors have torchvision's.
  const classes = /(?<![a-z\d])cifar(100?)_resnet\d+(?!\d)/i.exec(fileName)?.[1];
  if (classes === undefined || Number(classes) !== numClasses) return undefined;
  return said(numClasses === 10 ? chenyaofoCifar10 : chenyaofoCifar100, 'chenyaofo');
}
