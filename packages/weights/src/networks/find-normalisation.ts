import type { TensorEntry } from '../weights-index.ts';
import type { Backbone } from './network-tensors.ts';
import { inputWeights } from './reverse-input-channels.ts';
import { type Children, prefixesOf, type Surroundings } from './surroundings.ts';

/** A layer that normalises pictures before a network. */
export interface Normalisation {
  readonly mean: TensorEntry;
  readonly std: TensorEntry;
  /** The children that it is. */
  readonly children: readonly string[];
}

const meanNames = ['mean', 'new_mean', 'mu', '_mean'];
const stdNames = ['std', 'new_std', 'sigma', '_std'];

/**
 * Finds means and deviations of a network's pictures, in it or beside it: a child that has both (`normalize.mean`,
 * `normalize.std`), or both side by side.
 *
 * @see https://github.com/RobustBench/robustbench, https://github.com/MadryLab/robustness
 */
export function findNormalisation(
  root: string,
  { tensors: own, others }: Backbone,
  around: Surroundings,
): Normalisation | undefined {
  const channels = inputWeights.map((name) => own.get(name)?.shape[1]).find((count) => count !== undefined) ?? 3;
  const places: readonly Children[] = [others, ...prefixesOf(root).map((prefix) => around.beside(prefix))];
  for (const children of places) {
    for (const [child, tensors] of children) {
      const pair = pairIn(channels, (name) => tensors.get(name));
      if (pair !== undefined) return { ...pair, children: [child] };
    }
    const pair = pairIn(channels, (name) => children.get(name)?.get(''));
    if (pair !== undefined) return { ...pair, children: [...meanNames, ...stdNames] };
  }
  return undefined;
}

function pairIn(
  channels: number,
  get: (name: string) => TensorEntry | undefined,
): Pick<Normalisation, 'mean' | 'std'> | undefined {
  const isPerChannel = (entry: TensorEntry | undefined) =>
    entry !== undefined && entry.shape.length > 0 && entry.shape.reduce((count, size) => count * size, 1) === channels;
  const mean = meanNames.map(get).find(isPerChannel);
  const std = stdNames.map(get).find(isPerChannel);
  return mean === undefined || std === undefined ? undefined : { mean, std };
}
