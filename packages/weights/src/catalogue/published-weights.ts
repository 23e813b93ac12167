import type { Preset } from '@residual/vision';
import type { timmTable } from './timm-table.ts';

/** Variants that timm has published weights of. */
export type TimmModel = keyof typeof timmTable;

/** Variants whose default weights have ImageNet's thousand classes. */
export type ImagenetModel = TimmModel | `keras_resnet${50 | 101 | 152}${'' | 'v2'}`;

/** Variants that somebody has published weights of; `@residual/resnet` builds each by this name. */
export type PublishedModel =
  | ImagenetModel
  | `clip_resnet${'50' | '101' | '50x4' | '50x16' | '50x64'}`
  | `resnet${20 | 32 | 44 | 56}_b`;

/** timm's tags: what stands before the first space of the table's lines. */
type TimmTag =
  Extract<(typeof timmTable)[TimmModel][number], string> extends infer Line
    ? Line extends `${infer Tag} ${string}`
      ? Tag
      : never
    : never;

/** What its publisher calls a set of weights: torchvision's enumeration, timm's tag, the Hugging Face owner. */
export type WeightsName =
  | 'IMAGENET1K_V1'
  | 'IMAGENET1K_V2'
  | TimmTag
  | 'microsoft'
  | 'imagenet'
  | 'openai'
  | `chenyaofo_cifar${10 | 100}`;

/** Those that have ImageNet's thousand classes, whichever model they are of. */
export type ImagenetWeightsName = Exclude<
  WeightsName,
  'goog_in21k' | 'sw_in12k' | 'd_in12k' | 'bamboo' | 'openai' | `chenyaofo_cifar${10 | 100}`
>;

/** How good its publisher found a set of weights, on ImageNet's 50,000 validation pictures. */
export interface PublishedMetric {
  readonly dataset: 'imagenet-1k';
  /** Edge of the crop that it was measured on. */
  readonly sizePx: number;
  readonly top1Percent: number;
  readonly top5Percent?: number;
}

/** One published file of weights: where it is, how to check it, and what it is good for. */
export interface PublishedWeights {
  /** `resnet50/IMAGENET1K_V2`: the model and the name. */
  readonly id: string;
  readonly model: PublishedModel;
  readonly name: WeightsName;
  readonly publisher: 'torchvision' | 'timm' | 'microsoft' | 'keras' | 'openai' | 'chenyaofo';
  /** Addresses of the very same file, the publisher's first. */
  readonly urls: readonly [string, ...string[]];
  /** Repository of the Hugging Face hub that holds it, which also tells the file's whole SHA-256. */
  readonly repo?: string;
  /**
   * Size of the file as torchvision states it, or of OpenAI's with the text tower; of the others the float32 parameters, which
   * the file exceeds by little.
   */
  readonly sizeMiB: number;
  /** What the file's SHA-256 begins with, in hexadecimal, where its name says so. */
  readonly sha256Prefix?: string;
  /** Trainable numbers in it. */
  readonly parameters: number;
  /** Billions of multiply-adds for one picture of 224 × 224, where the publisher states them. */
  readonly gigaMultiplyAdds?: number;
  /**
   * Which classes the head's rows are: ImageNet's thousand, as in `@residual/vision/imagenet`, timm's 11,821 or the 21,843 of
   * all ImageNet, CIFAR's; `undefined` where there is no head.
   */
  readonly classes: 'imagenet-1k' | 'imagenet-12k' | 'imagenet-21k' | 'cifar-10' | 'cifar-100' | undefined;
  /** `null` where there is no head. */
  readonly numClasses: number | null;
  /** How pictures are prepared in its publisher's own evaluation. */
  readonly preset: Preset;
  /** Best first; empty where nothing is known. */
  readonly metrics: readonly PublishedMetric[];
  /** Licence as the hub spells it: `bsd-3-clause`, `apache-2.0`; `unknown` where none is stated. */
  readonly licence: string;
  /** How it was trained, or where its publisher speaks of it. */
  readonly recipe: string;
}

/** Published weights with ImageNet's thousand classes. */
export interface ImagenetWeights extends PublishedWeights {
  readonly classes: 'imagenet-1k';
  readonly numClasses: 1000;
}
