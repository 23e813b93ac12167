import { moduleOf, naturalOrder } from '../key-schemes/modules.ts';
import type { TensorEntry } from '../weights-index.ts';

/** A head's tensors under `fc.`: one layer as `fc.weight`, several with the file's own numbers, `fc.0.weight`. */
export interface ClassifierHead {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/** Children that may be a head, by their names. */
export const headChildren: RegExp =
  /^(\w+_)?(fc|linear|lin|head|classifier|classif|cls|cls_score|logits?|out|output|final|dense|predictions?)(_?\d+)?(_\w+)?$/i;

interface Layer {
  readonly module: string;
  readonly kind: 'linear' | 'norm';
  readonly inFeatures: number;
  readonly outFeatures: number;
}

/**
 * Reads a module's tensors (named within it) as a classifier: linear layers or 1×1 convolutions, one's outputs the
 * next one's inputs, with batch norms between. `undefined` for anything else, and for the projection heads of
 * self-supervised training: a square layer, then one to a power of two (MoCo v2, SimCLR), or a norm at the end.
 */
export function classifierHead(tensors: ReadonlyMap<string, TensorEntry>): ClassifierHead | undefined {
  const layers = layersOf(tensors);
  const linear = layers?.filter(({ kind }) => kind === 'linear') ?? [];
  const last = layers?.at(-1);
  if (layers === undefined || last === undefined || last.kind !== 'linear' || isProjection(linear)) return undefined;
  for (const [index, layer] of layers.entries()) {
    if (index > 0 && layers[index - 1]!.outFeatures !== layer.inFeatures) return undefined;
  }
  const isSingle = layers.length === 1;
  // What lies between layers with names of their own can't be told.
  const isKnown = (child: string) => /^\d*$/.test(child) || (isSingle && headChildren.test(child));
  if (!layers.every(({ module }) => module.split('.').every(isKnown))) return undefined;
  const named = [...tensors].map(
    ([name, entry]) => [isSingle ? `fc.${name.slice(name.lastIndexOf('.') + 1)}` : `fc.${name}`, entry] as const,
  );
  return { tensors: new Map(named), inFeatures: layers[0]!.inFeatures, outFeatures: last.outFeatures };
}

function layersOf(tensors: ReadonlyMap<string, TensorEntry>): Layer[] | undefined {
  if (tensors.size > 64) return undefined;
  const layers = new Map<string, Layer>();
  for (const [name, { shape }] of tensors) {
    const module = moduleOf(name);
    const parameter = name.slice(name.lastIndexOf('.') + 1);
    if (parameter === 'weight') {
      const [outFeatures = 0, inFeatures = outFeatures, ...kernel] = shape;
      if (![1, 2, 4].includes(shape.length) || kernel.some((size) => size !== 1)) return undefined;
      layers.set(module, { module, kind: shape.length === 1 ? 'norm' : 'linear', inFeatures, outFeatures });
    } else if (!['bias', 'running_mean', 'running_var', 'num_batches_tracked'].includes(parameter)) return undefined;
  }
  for (const name of tensors.keys()) if (!layers.has(moduleOf(name))) return undefined;
  return [...layers.values()].sort((a, b) => naturalOrder(a.module, b.module));
}

function isProjection(linear: readonly Layer[]): boolean {
  if (linear.length < 2) return false;
  const { inFeatures, outFeatures } = linear[0]!;
  const features = linear.at(-1)!.outFeatures;
  return inFeatures === outFeatures && features >= 64 && Number.isInteger(Math.log2(features));
}
