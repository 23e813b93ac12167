import type { ByteSource } from '../byte-source.ts';
import type { StateDictIndex, TensorEntry, WeightsIndex } from '../weights-index.ts';
import { buildNetwork, type SearchedDict } from './build-network.ts';
import { findRoots, readNames } from './dict-names.ts';
import type { FoundNetwork } from './found-network.ts';
import { distinctNetworks, hasHead, rankNetworks } from './rank-networks.ts';
import { inputWeights } from './reverse-input-channels.ts';
import { readStatedNames } from './stated-names.ts';
import { shareOut } from './surroundings.ts';

const mostNetworks = 64; // a bound on what a hostile file can make the search do

/**
 * Finds the residual networks in a file, wherever they hang, and gives their tensors the models' own names: torchvision's,
 * timm's where torchvision has none. The first is the one to take; none where nothing in the file has stages of blocks.
 * Reads nothing: `source` is what pairs of tensors (pruning, weight normalisation) are read from when they are read.
 */
export function findNetworks(source: ByteSource, index: WeightsIndex): readonly FoundNetwork[] {
  const { stateDicts } = index;
  const stated = readStatedNames(index);
  const search = (dict: StateDictIndex, most: number) => networksOf({ source, index, dict, stated }, most);
  const found: FoundNetwork[] = [];
  for (const dict of stateDicts) found.push(...search(dict, mostNetworks - found.length));
  if (found.some(hasHead) || stateDicts.length === 1) return rankNetworks(distinctNetworks(found));
  // Parts of one network may be saved apart: {backbone: …, fc: …}.
  const joined = search(joinDicts(stateDicts), mostNetworks);
  return rankNetworks(distinctNetworks(joined.some(hasHead) || found.length === 0 ? joined : found));
}

function joinDicts(dicts: readonly StateDictIndex[]): StateDictIndex {
  const tensors = new Map<string, TensorEntry>();
  for (const dict of dicts) {
    const prefix = dict.path === '' ? '' : `${dict.path}.`;
    for (const [name, entry] of dict.tensors) tensors.set(`${prefix}${name}`, entry);
  }
  return { path: '', tensors };
}

function networksOf(file: Omit<SearchedDict, 'names' | 'around'>, most: number): FoundNetwork[] {
  const names = readNames(file.dict);
  const roots = findRoots(names.tensors.keys()).slice(0, most);
  if (roots.length === 0) return [];
  const around = shareOut(names.tensors, roots);
  return roots.map((root) => buildNetwork({ ...file, names, around }, root)).filter(isWhole);
}

/** Numbered containers of blocks are many things, such as HRNet's branches; with a stem before them, a network. */
function isWhole({ scheme, tensors }: FoundNetwork): boolean {
  return scheme !== 'sequential' || inputWeights.some((name) => tensors.has(name));
}
