import type { ByteSource } from '../byte-source.ts';
import { prefixInFile } from '../key-schemes/wrapper-segments.ts';
import type { StateDictIndex, TensorEntry, WeightsIndex } from '../weights-index.ts';
import { combineTensors } from './combined-tensors.ts';
import type { DictNames, NetworkRoot } from './dict-names.ts';
import { findHead } from './find-head.ts';
import { findNormalisation } from './find-normalisation.ts';
import type { FoundNetwork } from './found-network.ts';
import { withoutLeftovers } from './leftovers.ts';
import { findHints } from './network-hints.ts';
import { nameBackbone } from './network-tensors.ts';
import { turnToRgb } from './reverse-input-channels.ts';
import { hintedNames, keepsNames, schemeOf } from './scheme-of.ts';
import type { StatedNames } from './stated-names.ts';
import { omitChildren, type Surroundings } from './surroundings.ts';

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
  const whole = keepsNames(root, tensors) ? undefined : nameBackbone(tensors, root);
  const normalisation = whole && findNormalisation(root.root, whole, around);
  const omitted = normalisation?.children ?? [];
  const backbone = whole && { ...whole, others: omitChildren(whole.others, omitted) };
  const beside = (place: string) => omitChildren(around.beside(place), omitted);
  const head = backbone && findHead(root.root, backbone, { ...around, beside });
  const scheme = names.scheme ?? schemeOf(root, tensors, backbone, head);
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
  const classCount = head === undefined ? countClasses(found) : head.classCount;
  const namedBy = hintedNames(scheme, root, around, found);
  const hinted = { path, classCount, names: namedBy, isBottleneck, depths: depthsOf(found), stated };
  const { hints, isBgr } = findHints(index, hinted, notes);
  const rgb = isBgr ? turnToRgb(source, found, notes) : found;
  const network = { path, scheme, tensors: rgb, hints, notes };
  if (normalisation === undefined) return network;
  const { mean, std } = normalisation;
  notes.push('the pictures are normalised by a layer of the file: its mean and deviation are taken');
  return { ...network, normalisation: { mean, std } };
}

/** Blocks in each stage of a network that has torchvision's names. */
function depthsOf(tensors: ReadonlyMap<string, TensorEntry>): number[] {
  const depths: number[] = [];
  for (const name of tensors.keys()) {
    const [, stage, block] = /^layer(\d)\.(\d{1,4})\./.exec(name) ?? [];
    if (block !== undefined) depths[Number(stage) - 1] = Math.max(depths[Number(stage) - 1] ?? 0, Number(block) + 1);
  }
  return depths;
}

/** Of a network that keeps its names. */
function countClasses(tensors: ReadonlyMap<string, TensorEntry>): number | undefined {
  return (tensors.get('head.fc.weight') ?? tensors.get('last_linear.weight'))?.shape[0];
}
