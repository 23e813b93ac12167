import type { KeySchemeName } from '../key-schemes/key-scheme.ts';
import { type FirstBlock, findFirstBlock } from '../key-schemes/stage-names.ts';
import { isKerasV2, translateVariable, transposeKernel } from '../key-schemes/tensorflow-names.ts';
import { dropWrapperSegments } from '../key-schemes/wrapper-segments.ts';
import type { StateDictIndex, TensorEntry } from '../weights-index.ts';
import { deepestRoot } from './surroundings.ts';

/** A state dict's tensors without the segments that wrappers add, TensorFlow's variables under PyTorch's names. */
export interface DictNames {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** The file's own names. */
  readonly inFile: ReadonlyMap<string, string>;
  /** Of a TensorFlow file. */
  readonly scheme: KeySchemeName | undefined;
}

/** Where a network hangs in a state dict (a prefix, empty or with a dot at its end), and what its stages are called. */
export interface NetworkRoot extends Omit<FirstBlock, 'stage'> {
  readonly firstStage: number;
  readonly stageCount: number;
  /** A name of one of its tensors. */
  readonly sample: string;
}

/** Names without segments of wrappers; with them, where two tensors would get one name. */
export function readNames({ tensors }: StateDictIndex): DictNames {
  const isTensorFlow = [...tensors.keys()].some((name) => /_block1_1_conv|standardized_conv2d/.test(name));
  if (isTensorFlow) return readTensorFlowNames(tensors);
  const bare = new Map<string, TensorEntry>();
  const inFile = new Map<string, string>();
  for (const [name, entry] of tensors) {
    const short = dropWrapperSegments(name);
    bare.set(short, entry);
    inFile.set(short, name);
  }
  if (bare.size === tensors.size) return { tensors: bare, inFile, scheme: undefined };
  return { tensors, inFile: new Map([...tensors.keys()].map((name) => [name, name])), scheme: undefined };
}

function readTensorFlowNames(variables: ReadonlyMap<string, TensorEntry>): DictNames {
  const tensors = new Map<string, TensorEntry>();
  const inFile = new Map<string, string>();
  let scheme: KeySchemeName | undefined;
  const normalisesFirst = [...variables.keys()].some(isKerasV2);
  for (const [name, entry] of variables) {
    const translated = translateVariable(name, normalisesFirst);
    scheme ??= translated?.scheme;
    const target = translated !== undefined && !tensors.has(translated.name) ? translated.name : name;
    tensors.set(target, target === name ? entry : transposeKernel(entry));
    inFile.set(target, name);
  }
  return { tensors, inFile, scheme };
}

const longestName = 500; // longer names are no network's, and would make the search slow

/** Every place where the stages of a network hang, by the first convolution of their first blocks. */
export function findRoots(names: Iterable<string>): NetworkRoot[] {
  const namings = new Map<
    string,
    { readonly place: FirstBlock; readonly sample: string; readonly stages: Set<number> }
  >();
  for (const name of names) {
    const place = name.length > longestName ? undefined : findFirstBlock(name);
    if (place === undefined || place.root.split('.').length > deepestRoot) continue;
    const key = `${place.root} ${place.before} ${place.after}`;
    const naming = namings.get(key) ?? { place, sample: name, stages: new Set<number>() };
    namings.set(key, naming);
    naming.stages.add(place.stage);
  }
  return [...namings.values()].flatMap(({ place: { root, before, after }, sample, stages }) => {
    const [firstStage, stageCount] = longestRun([...stages].sort((a, b) => a - b));
    return stageCount < 2 ? [] : [{ root, before, after, firstStage, stageCount, sample }];
  });
}

function longestRun(sorted: readonly number[]): [first: number, count: number] {
  let best: [number, number] = [0, 0];
  let first = 0;
  for (const [index, stage] of sorted.entries()) {
    if (stage !== (sorted[index - 1] ?? stage) + 1) first = index;
    if (index - first + 1 > best[1]) best = [sorted[first]!, index - first + 1];
  }
  return best;
}
