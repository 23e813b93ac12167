import type { TensorEntry } from '../weights-index.ts';
import type { Children } from './surroundings.ts';

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
 * Finds means and deviations of pictures of so many channels: a child that has both (`normalize.mean`, `normalize.std`), or
 * both side by side.
 *
 * @see https://github.com/RobustBench/robustbench, https://github.com/MadryLab/robustness
 */
export function findNormalisation(channels: number, places: readonly Children[]): Normalisation | undefined {
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
