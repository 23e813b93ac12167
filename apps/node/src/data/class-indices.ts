import { join } from 'node:path';
import { TrainError } from '@residual/train';
import { synsetIndex } from './imagenet-synsets.ts';

/**
 * The index among a model's labels of each class folder of `root`: a folder is called by a label (its case and underscores
 * aside), an ImageNet synset or an index. Where none is any of these and there are as many as labels, their order is that
 * of torchvision's `ImageFolder`.
 *
 * @throws TrainError `BAD_DATA` where a folder is no class.
 */
export function classIndices(root: string, folders: readonly string[], labels: readonly string[]): readonly number[] {
  const indices = folders.map((name) => classIndex(name, labels));
  const unknown = indices.indexOf(undefined);
  if (unknown < 0) return indices as number[];
  if (folders.length === labels.length && indices.every((index) => index === undefined))
    return folders.map((_, index) => index);
  const examples = `a label such as '${labels[0]}', an ImageNet synset, or an index below ${labels.length}`;
  const problem = `expected a class of the model (${examples}), got '${folders[unknown]}'; rename the folder`;
  throw new TrainError('BAD_DATA', join(root, folders[unknown]!), problem);
}

/** The index among a model's labels of what is called by a label, an ImageNet synset or an index; `undefined` for none. */
export function classIndex(folder: string, labels: readonly string[]): number | undefined {
  const byName = labels.findIndex((label) => plain(label) === plain(folder));
  if (byName >= 0) return byName;
  const index = /^\d+$/.test(folder) ? Number(folder) : labels.length === 1000 ? synsetIndex(folder) : undefined;
  return index !== undefined && index < labels.length ? index : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, ' ');
}
