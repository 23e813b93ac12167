import type { KeySchemeName } from '../key-schemes/key-scheme.ts';
import type { TensorEntry } from '../weights-index.ts';
import type { NetworkRoot } from './dict-names.ts';
import type { HeadSearch } from './find-head.ts';
import type { HintedNetwork } from './network-hints.ts';
import type { Backbone } from './network-tensors.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Whether the models themselves have a network's names, torchvision having none for it: timm's `resnetv2` and others whose
 * stem and stages are `stem` and `stages`, and Cadene's SENets (`layer0`, `se_module`, `last_linear`).
 */
export function keepsNames({ before, after }: NetworkRoot, tensors: ReadonlyMap<string, TensorEntry>): boolean {
  const names = [...tensors.keys()];
  if (names.some(isSeModule)) return true;
  return before === 'stages.' && (after === '.blocks' || names.some((name) => name.startsWith('stem.')));
}

function isSeModule(name: string): boolean {
  return name.includes('.se_module.');
}

/** Whose names a network of PyTorch has, as far as they tell. */
export function schemeOf(
  { root, before, after }: NetworkRoot,
  inFile: ReadonlyMap<string, TensorEntry>,
  backbone: Backbone | undefined,
  head: HeadSearch | undefined,
): KeySchemeName {
  if (backbone === undefined) return [...inFile.keys()].some(isSeModule) ? 'cadene' : 'timm';
  if (after === '.layers') return 'huggingface';
  if (after === '_x') return 'weiaicunzai';
  if (before === 'res') return 'detectron2';
  if (before === '') return 'sequential';
  const { tensors, others } = backbone;
  if (others.has('attnpool')) return 'clip';
  if (root.endsWith('_feature_blocks.')) return 'vissl';
  if (head?.child === 'head' && root.endsWith('backbone.')) return 'mmpretrain';
  if (head?.child === 'last_linear') return 'cadene';
  if (head?.child === 'linear') return tensors.has('layer4.0.conv1.weight') ? 'kuangliu' : 'akamaster';
  const isTimm = (name: string) => /^conv1\.3\.|\.se\.|\.downsample\.2\./.test(name);
  return [...tensors.keys()].some(isTimm) ? 'timm' : 'torchvision';
}

/** Whose networks compute otherwise than their tensors tell. */
export function hintedNames(
  scheme: KeySchemeName,
  { root }: NetworkRoot,
  around: Surroundings,
  tensors: ReadonlyMap<string, TensorEntry>,
): HintedNetwork['names'] {
  if (scheme === 'keras') return tensors.has('bn1.weight') ? 'keras' : 'keras-v2';
  if (scheme === 'detectron2') return scheme;
  const classifier = root === 'backbone.' ? around.beside('').get('classifier') : undefined;
  const isSegmentation = classifier?.get('4.weight')?.shape.length === 4;
  return isSegmentation ? 'torchvision-segmentation' : 'other';
}
