import type { ByteSource } from '../byte-source.ts';
import { prefixInFile } from '../key-schemes/wrapper-segments.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { WeightsIndex } from '../weights-index.ts';
import { readNames } from './dict-names.ts';
import { findNetworks } from './find-networks.ts';
import type { FoundNetwork } from './found-network.ts';
import { listNames } from './list-names.ts';
import { isEma } from './rank-networks.ts';

/** What was taken of a file, and the paths of what could have been taken instead. */
export interface ChosenNetwork extends FoundNetwork {
  readonly others: readonly string[];
}

/**
 * The network that `entry` names, else the first by `rankNetworks`, with a note where there was a choice. Where the
 * file has no residual network, its largest state dict under the file's own names, as scheme `unknown`.
 *
 * @throws WeightsFormatError (`no-tensors`) where nothing, or more than one thing, has the entry's name.
 */
export function chooseNetwork(source: ByteSource, index: WeightsIndex, entry: string | undefined): ChosenNetwork {
  const networks = findNetworks(source, index);
  if (networks.length === 0) return chooseDict(source.name, index, entry);
  const chosen = entry === undefined ? networks[0]! : pickEntry(source.name, networks, entry);
  const others = networks.filter((network) => network !== chosen).map(({ path }) => path);
  if (entry !== undefined || others.length === 0) return { ...chosen, others };
  const which = `took ${chosen.path || 'the network itself'}${isEma(chosen.path) ? ' (EMA)' : ''}`;
  const note = `${which} of several; the option entry takes another: ${listNames(others)}`;
  return { ...chosen, others, notes: [note, ...chosen.notes] };
}

function chooseDict(source: string, { stateDicts }: WeightsIndex, entry: string | undefined): ChosenNetwork {
  const largest = () => stateDicts.reduce((best, dict) => (dict.tensors.size > best.tensors.size ? dict : best));
  const dict = entry === undefined ? largest() : pickEntry(source, stateDicts, entry);
  const { tensors, inFile } = readNames(dict);
  const notes = [`names of no known ResNet (${listNames(tensors.keys())}); they stay as they are`];
  const [first] = inFile.values();
  const prefix = first === undefined ? '' : prefixInFile(first, 0);
  if (prefix !== '' && !tensors.has(first!)) notes.unshift(`prefix '${prefix}.' taken off the names`);
  const others = stateDicts.filter((other) => other !== dict).map(({ path }) => path);
  return { path: dict.path, scheme: 'unknown', tensors, hints: {}, notes, others };
}

/** By its path, else by the start of it (the first of several is the best), else by keys within it. */
function pickEntry<T extends { readonly path: string }>(source: string, candidates: readonly T[], entry: string): T {
  const exact = candidates.find(({ path }) => path === entry);
  const started = candidates.find(({ path }) => path.startsWith(`${entry}.`));
  const within = candidates.filter(({ path }) => `.${path}.`.includes(`.${entry}.`));
  const chosen = exact ?? started ?? (within.length === 1 ? within[0] : undefined);
  if (chosen !== undefined) return chosen;
  const paths = listNames(candidates.map(({ path }) => path || "'' (the file itself)"));
  const got = within.length > 1 ? 'several have it' : 'none has it';
  const text = `entry ${entry}: expected the path of one network, but ${got}; choose from ${paths}`;
  throw new WeightsFormatError('no-tensors', source, text);
}
