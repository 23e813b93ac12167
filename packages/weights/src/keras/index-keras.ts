import type { ByteSource } from '../byte-source.ts';
import { walkHdf5 } from '../hdf5/walk-hdf5.ts';
import { oneLine } from '../one-line.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { FileRange, TensorEntry, WeightsIndex } from '../weights-index.ts';
import { type KerasLayer, kerasLayers } from './keras-config.ts';
import { kerasName, weightNames } from './keras-names.ts';

/**
 * Indexes an HDF5 file of Keras, under `layer/weight` in all of its formats, with the model's config as `keras.config`
 * of the metadata; datasets of other writers come under their own paths.
 *
 * @param range Where in the source the HDF5 file lies.
 * @param zippedConfig The config that lies beside the file in a `.keras`.
 * @throws WeightsFormatError where it is damaged, has no dataset of numbers, or two get the same name.
 */
export async function indexKeras(
  source: ByteSource,
  range: FileRange,
  zippedConfig: string | undefined,
): Promise<WeightsIndex> {
  const { datasets, attributes, leftOut } = await walkHdf5(source, range, isOptimizer);
  const config = zippedConfig ?? attributes.get('')?.get('model_config');
  const layers = kerasLayers(config);
  const tensors = new Map<string, TensorEntry>();
  const layerName = (group: string) => layers.get(group)?.name ?? attributes.get(`${group}/vars`)?.get('name');
  const counts = countByGroup(datasets.keys());
  for (const [path, entry] of datasets) {
    const named = kerasName(path, layerName);
    const name =
      path.includes('/vars/') || path.startsWith('vars/') ? withWeightName(path, named, layers, counts) : named;
    if (tensors.has(name)) {
      const text = `${oneLine(path, 200)}: expected each name once, got ${oneLine(name, 200)} twice; save the model as .keras`;
      throw new WeightsFormatError('unsupported', source.name, text);
    }
    tensors.set(name, entry);
  }
  if (tensors.size === 0) {
    const got = leftOut.length === 0 ? 'none' : `only ${oneLine(leftOut.slice(0, 4).join(', '), 200)}`;
    const text = `expected an HDF5 file with datasets of numbers, got ${got}; save the model with Keras's model.save`;
    throw new WeightsFormatError('no-tensors', source.name, text);
  }
  const metadata: Record<string, string> = config === undefined ? {} : { 'keras.config': config };
  for (const [key, name] of Object.entries({ 'keras.version': 'keras_version', 'keras.backend': 'backend' })) {
    const value = attributes.get('')?.get(name) ?? attributes.get('model_weights')?.get(name);
    if (value !== undefined) metadata[key] = value;
  }
  const notes =
    leftOut.length === 0 ? [] : [`left out, being no numbers: ${oneLine(leftOut.slice(0, 4).join(', '), 200)}`];
  return { format: 'keras', stateDicts: [{ path: '', tensors }], facts: new Map(), metadata, notes };
}

/** Groups that hold no weights. */
function isOptimizer(path: string): boolean {
  return path === 'optimizer_weights' || path === 'optimizer';
}

function countByGroup(paths: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const group = path.slice(0, path.lastIndexOf('/'));
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return counts;
}

function withWeightName(
  path: string,
  named: string,
  layers: ReadonlyMap<string, KerasLayer>,
  counts: ReadonlyMap<string, number>,
): string {
  const vars = path.slice(0, path.lastIndexOf('/'));
  const group = vars.slice(0, Math.max(0, vars.lastIndexOf('/')));
  const count = counts.get(vars)!;
  const layer = layers.get(group);
  const layerGroup = group.slice(group.lastIndexOf('/') + 1);
  const known =
    layer !== undefined && layerGroup.startsWith('batch_normalization')
      ? [...(layer.scale ? ['gamma'] : []), ...(layer.center ? ['beta'] : []), 'moving_mean', 'moving_variance']
      : weightNames(layerGroup, count);
  const at = named.lastIndexOf('/');
  const index = Number(named.slice(at + 1));
  return known !== undefined && known.length === count && known[index] !== undefined
    ? `${named.slice(0, at)}/${known[index]}`
    : named;
}
