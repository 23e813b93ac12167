import type { ByteSource } from '../byte-source.ts';
import type { KeySchemeName } from '../key-schemes/key-scheme.ts';
import { prefixInFile } from '../key-schemes/wrapper-segments.ts';
import type { StateDictIndex, TensorEntry, WeightsIndex } from '../weights-index.ts';
import { combineTensors } from './combined-tensors.ts';
import type { DictNames, NetworkRoot } from './dict-names.ts';
import { findHead, type HeadSearch } from './find-head.ts';
import { findNormalisation, type Normalisation } from './find-normalisation.ts';
import type { FoundNetwork } from './found-network.ts';
import { isLeftover } from './leftovers.ts';
import { listNames } from './list-names.ts';
import { findHints, type HintedNetwork } from './network-hints.ts';
import { type Backbone, nameBackbone } from './network-tensors.ts';
import { reverseInputChannels } from './reverse-input-channels.ts';
import type { StatedNames } from './stated-names.ts';
import { omitChildren, prefixesOf, type Surroundings } from './surroundings.ts';

/** A state dict in which networks were found. */
export interface SearchedDict {
  readonly source: ByteSource;
  readonly index: WeightsIndex;
  readonly dict: StateDictIndex;
  readonly names: DictNames;
  readonly around: Surroundings;
  readonly stated: StatedNames;
}

/** Makes a network of what hangs at a root. */
export function buildNetwork(searched: SearchedDict, root: NetworkRoot): FoundNetwork {
  const { source, index, dict, names, around, stated } = searched;
  const notes: string[] = [];
  const prefix =
    names.scheme === undefined
      ? prefixInFile(names.inFile.get(root.sample)!, root.root.split('.').length - 1)
      : root.root.slice(0, -1);
  const path = [dict.path, prefix].filter((part) => part !== '').join('.');
  const inside = withoutLeftovers(around.inside(root.root), notes);
  const tensors = combineTensors(source, inside);
  // timm's pre-activation networks: torchvision has no names for them.
  const isKept = root.before === 'stages.' && root.after === '.blocks';
  const whole = isKept ? undefined : nameBackbone(tensors, root);
  const normalisation = whole && normalisationOf(root, whole, around);
  const omitted = normalisation?.children ?? [];
  const backbone = whole && { ...whole, others: omitChildren(whole.others, omitted) };
  const beside = (place: string) => omitChildren(around.beside(place), omitted);
  const head = backbone && findHead(root.root, backbone, { ...around, beside });
  const scheme = names.scheme ?? schemeOf(root, backbone, head);
  if (prefix !== '' && !(scheme === 'huggingface' && prefix === 'resnet')) {
    notes.unshift(`prefix '${prefix}.' taken off the names`);
  }
  const found = backbone && head ? new Map([...backbone.tensors, ...head.unknown, ...head.tensors]) : tensors;
  if (head !== undefined) notes.push(...head.notes);
  if (![...found.keys()].some((name) => name.endsWith('.running_mean'))) {
    notes.push(
      'no running statistics: either group norm, or a file of named_parameters(), which lacks those of batch norm',
    );
  }
  const isBottleneck = found.has('layer1.0.conv3.weight');
  const classCount = head === undefined ? found.get('head.fc.weight')?.shape[0] : head.classCount;
  const hinted = { path, classCount, names: hintedNames(scheme, root, around, found), isBottleneck, stated } as const;
  const { hints, isBgr } = findHints(index, hinted, notes);
  const rgb = isBgr ? turnToRgb(source, found, notes) : found;
  const network = { path, scheme, tensors: rgb, hints, notes };
  if (normalisation === undefined) return network;
  const { mean, std } = normalisation;
  notes.push('the pictures are normalised by a layer of the file: its mean and deviation are taken');
  return { ...network, normalisation: { mean, std } };
}

function normalisationOf(
  { root }: NetworkRoot,
  { tensors, others }: Backbone,
  around: Surroundings,
): Normalisation | undefined {
  const channels = inputWeights.map((name) => tensors.get(name)?.shape[1]).find((count) => count !== undefined);
  return findNormalisation(channels ?? 3, [others, ...prefixesOf(root).map((prefix) => around.beside(prefix))]);
}

const inputWeights = ['conv1.weight', 'conv1.0.weight'];

/** With the input convolution on RGB pictures instead of BGR ones. */
function turnToRgb(
  source: ByteSource,
  tensors: ReadonlyMap<string, TensorEntry>,
  notes: string[],
): ReadonlyMap<string, TensorEntry> {
  const name = inputWeights.find((candidate) => tensors.has(candidate));
  const reversed = name === undefined ? undefined : reverseInputChannels(source, tensors.get(name)!);
  if (name === undefined || reversed === undefined) return tensors;
  notes.push(`${name}: its input channels are turned from BGR to RGB`);
  return new Map([...tensors].map(([key, entry]) => [key, key === name ? reversed : entry]));
}

function withoutLeftovers(
  tensors: ReadonlyMap<string, TensorEntry>,
  notes: string[],
): ReadonlyMap<string, TensorEntry> {
  const leftovers = [...tensors.keys()].filter((name) => isLeftover(name, (other) => tensors.has(other)));
  if (leftovers.length === 0) return tensors;
  notes.push(`left out, being of tools and quantisation: ${listNames(leftovers)}`);
  const kept = new Map(tensors);
  for (const name of leftovers) kept.delete(name);
  return kept;
}

function schemeOf(
  { root, before, after }: NetworkRoot,
  backbone: Backbone | undefined,
  head: HeadSearch | undefined,
): KeySchemeName {
  if (backbone === undefined) return 'timm';
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

function hintedNames(
  scheme: KeySchemeName,
  { root }: NetworkRoot,
  around: Surroundings,
  tensors: ReadonlyMap<string, TensorEntry>,
): HintedNetwork['names'] {
  if (scheme === 'keras') return tensors.has('layer1.0.preact_bn.weight') ? 'keras-v2' : 'keras';
  if (scheme === 'detectron2') return scheme;
  const classifier = root === 'backbone.' ? around.beside('').get('classifier') : undefined;
  const isSegmentation = classifier?.get('4.weight')?.shape.length === 4;
  return isSegmentation ? 'torchvision-segmentation' : 'other';
}
