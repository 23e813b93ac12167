import type { Preset } from '@residual/vision';

/** Variants that somebody has published ImageNet weights of; `@residual/resnet` builds each by this name. */
export type PublishedModel =
  | 'resnet18'
  | 'resnet26'
  | 'resnet34'
  | 'resnet50'
  | 'resnet101'
  | 'resnet152'
  | 'resnext50_32x4d'
  | 'resnext101_32x8d'
  | 'resnext101_64x4d'
  | 'wide_resnet50_2'
  | 'wide_resnet101_2';

/** What its publisher calls a set of weights: torchvision's enumeration, timm's tag, the Hugging Face owner. */
export type WeightsName =
  | 'IMAGENET1K_V1'
  | 'IMAGENET1K_V2'
  | 'tv_in1k'
  | 'tv2_in1k'
  | 'a1_in1k'
  | 'a1h_in1k'
  | 'microsoft';

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
  readonly publisher: 'torchvision' | 'timm' | 'microsoft';
  /** Addresses of the very same file, the publisher's first. */
  readonly urls: readonly [string, ...string[]];
  /** Repository of the Hugging Face hub that holds it, which also tells the file's whole SHA-256. */
  readonly repo?: string;
  /** Size of the file as torchvision states it; of the others the float32 parameters, which the file exceeds by under 1 %. */
  readonly sizeMiB: number;
  /** What the file's SHA-256 begins with, in hexadecimal; torchvision writes it into the name. */
  readonly sha256Prefix?: string;
  /** Trainable numbers in it. */
  readonly parameters: number;
  /** Billions of multiply-adds for one picture of 224 × 224, where the publisher states them. */
  readonly gigaMultiplyAdds?: number;
  /** Which classes the head's rows are: ImageNet's, as in `@residual/vision/imagenet`. */
  readonly classes: 'imagenet-1k';
  readonly numClasses: 1000;
  /** How pictures are prepared in its publisher's own evaluation. */
  readonly preset: Preset;
  /** Best first; empty where nothing is published. */
  readonly metrics: readonly PublishedMetric[];
  /** Licence as the hub spells it: `bsd-3-clause`, `apache-2.0`. */
  readonly licence: string;
  /** How it was trained. */
  readonly recipe: string;
}
