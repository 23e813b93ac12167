import { averageAndMaxPool } from './average-and-max-pool.ts';
import { convolutionHead } from './convolution-head.ts';
import { type HeadType, linearHead, linearHeadWithoutBias } from './head.ts';
import type { PoolType } from './pool.ts';
import { type SequentialLayer, sequentialHead } from './sequential-head.ts';

/** Tensors by name, of which only the shapes are asked; PyTorch's layout. */
export type TorchShapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

/** What the tensors of a head say about it. */
export interface HeadDescription {
  readonly head: HeadType;
  readonly numClasses: number;
  /** Pooling other than the mean, where the head takes twice the features. */
  readonly pool?: PoolType;
  /** For people: what the tensors cannot say and was assumed. */
  readonly notes: readonly string[];
}

/** The head whose tensors stand below `path`; `undefined` where there are none, or none that make a head. */
export function describeHead(tensors: TorchShapes, path: string, numFeatures: number): HeadDescription | undefined {
  const shape = tensors.get(`${path}.weight`)?.shape;
  if (shape === undefined) return describeSequential(tensors, path, numFeatures);
  const [numClasses, features] = shape;
  if (!numClasses || !features) return undefined;
  const bias = tensors.has(`${path}.bias`);
  const pool = poolFor(path, features, numFeatures);
  if (shape.length === 4) return { head: convolutionHead({ bias }), numClasses, ...pool };
  return { head: bias ? linearHead : linearHeadWithoutBias, numClasses, ...pool };
}

function describeSequential(tensors: TorchShapes, path: string, numFeatures: number): HeadDescription | undefined {
  const layers: SequentialLayer[] = [];
  const notes: string[] = [];
  let features: number | undefined;
  let numClasses: number | undefined;
  // One activation stands between two linear layers: at the first number after one that has no tensors.
  let isActive = true;
  let last: number | undefined;
  for (const at of numbersBelow(tensors, path)) {
    const name = `${path}.${at}`;
    const shape = tensors.get(`${name}.weight`)?.shape ?? [];
    const isLinear = shape.length === 2;
    const isNorm = shape.length === 1 && tensors.has(`${name}.running_mean`);
    if (!isLinear && !isNorm) return undefined;
    if (!isActive && last !== undefined && at > last + 1) {
      layers.push({ at: last + 1, kind: 'activation' });
      notes.push(`a ReLU is assumed for ${path}.${last + 1}, which has no tensors`);
      isActive = true;
    }
    features ??= shape[isLinear ? 1 : 0];
    if (isLinear) {
      numClasses = shape[0]!;
      layers.push({ at, kind: 'linear', outFeatures: numClasses, bias: tensors.has(`${name}.bias`) });
      isActive = false;
    } else layers.push({ at, kind: 'batch-norm' });
    last = at;
  }
  if (!numClasses || features === undefined) return undefined;
  const pool = poolFor(path, features, numFeatures);
  return { head: sequentialHead(layers), numClasses, ...pool, notes: [...pool.notes, ...notes] };
}

/** The numbers of an `nn.Sequential`'s modules with tensors, in order. */
function numbersBelow(tensors: TorchShapes, path: string): number[] {
  const numbers = new Set<number>();
  for (const name of tensors.keys()) {
    if (!name.startsWith(`${path}.`)) continue;
    const part = name.slice(path.length + 1).split('.', 1)[0]!;
    if (/^\d{1,4}$/.test(part)) numbers.add(Number(part));
  }
  return [...numbers].sort((a, b) => a - b);
}

function poolFor(path: string, features: number, numFeatures: number): Pick<HeadDescription, 'pool' | 'notes'> {
  if (features !== 2 * numFeatures) return { notes: [] };
  const note = `${path} takes twice the features: maxima and means are pooled, as fastai does`;
  return { pool: averageAndMaxPool, notes: [note] };
}
