import type { Tensor } from '@tensorflow/tfjs-core';
import { WeightEvaluator } from './bind/weight-evaluator.ts';
import type { ConstantData, Graph } from './graph.ts';
import { dropDeadCode } from './passes/drop-dead-code.ts';

/** One weight in host memory, row-major in tfjs's layout: filters `[h, w, in / groups, out]`, matrices `[in, out]`. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: ConstantData;
}

/** Weights by the names that the traced function gave its parameters. */
export type Weights = ReadonlyMap<string, Weight>;

/**
 * Reads tensors, such as a model's `variables`, into host memory. They stay the caller's, unless `release` lets each go
 * once it is read: for a model that from then on is only run compiled.
 */
export async function readWeights(
  variables: Iterable<readonly [string, Tensor]>,
  { release = false }: { readonly release?: boolean } = {},
): Promise<Map<string, Weight>> {
  const weights = new Map<string, Weight>();
  for (const [name, tensor] of variables) {
    weights.set(name, { shape: tensor.shape, data: (await tensor.data()) as ConstantData });
    if (release) tensor.dispose();
  }
  return weights;
}

/**
 * Gives a graph its weights: parameters become constants, and what depends on constants alone (a folded batch norm)
 * is computed now, in float64, and rounded once. Weights that the graph does not ask for are left alone.
 *
 * Bound to the same `weights` again, another graph of the same model (another batch or image size) gets the same
 * arrays, so that several sizes live side by side with one set of weights; so don't write into the arrays afterwards.
 *
 * @throws BindError for a parameter that has no weight, or one of another shape.
 */
export function bind(graph: Graph, weights: Weights): Graph {
  const evaluator = new WeightEvaluator(graph, weights);
  const nodes = graph.nodes.filter((node) => !evaluator.takes(node));
  const reads = [...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value)];
  return dropDeadCode({
    ...graph,
    nodes,
    inputs: graph.inputs.filter(({ role }) => role === 'data'),
    constants: new Map(
      [...new Set(reads)].filter((id) => evaluator.knows(id)).map((id) => [id, evaluator.constantOf(id)]),
    ),
  });
}
