import type { Tensor } from '@tensorflow/tfjs-core';
import { WeightEvaluator } from './bind/weight-evaluator.ts';
import type { ConstantData, Graph, GraphNode, ValueId } from './graph.ts';
import { dropDeadCode } from './passes/drop-dead-code.ts';

/** One weight in host memory, in tfjs's layout: filters `[h, w, in / groups, out]`, matrices `[in, out]`. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: ConstantData;
  /**
   * The axes of `shape` in the order in which `data` holds them, the outermost first: `[3, 2, 0, 1]` for a filter that
   * lies as PyTorch's do (OIHW). Default: as they come.
   */
  readonly axes?: readonly number[];
}

/** Weights by the names that the traced function gave its parameters. */
export type Weights = ReadonlyMap<string, Weight>;

/**
 * Reads tensors, such as a model's `variables`, into host memory. They stay the caller's, unless `release` lets each go
 * once it is read: for a model that from then on is only run compiled.
 */
export async function weightsFrom(
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

export interface BindOptions {
  /**
   * Leave the last steps towards a filter or matrix to the engine, as nodes on constants: `Transpose` of a weight as it
   * lies, `Multiply` by a number per output channel. For engines that pack their filters anyway. Default false.
   */
  readonly leavesFilters?: boolean;
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
export function bind(graph: Graph, weights: Weights, { leavesFilters = false }: BindOptions = {}): Graph {
  const evaluator = new WeightEvaluator(graph, weights);
  const nodes = graph.nodes.filter((node) => !evaluator.takes(node));
  const filters = leavesFilters ? filtersOf(graph, nodes) : new Set<ValueId>();
  const reads = new Set([...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value)]);
  const values = [...graph.values];
  const constants = new Map<ValueId, ConstantData>();
  const left = new Map<ValueId, GraphNode>();
  for (const id of reads) {
    if (!evaluator.knows(id)) continue;
    const steps = filters.has(id) ? evaluator.stepsTo(id, values) : undefined;
    const isReadOtherwise = steps?.nodes.some(({ outputs: [made] }) => made !== id && reads.has(made!));
    if (steps === undefined || isReadOtherwise) constants.set(id, evaluator.constantOf(id));
    else {
      for (const [operand, data] of steps.constants) constants.set(operand, data);
      for (const node of steps.nodes) left.set(node.outputs[0]!, node);
    }
  }
  const inputs = graph.inputs.filter(({ role }) => role === 'data');
  return dropDeadCode({ ...graph, values, nodes: [...left.values(), ...nodes], inputs, constants });
}

/** What nodes read as a filter or matrix, and nobody as anything else. */
function filtersOf({ outputs }: Graph, nodes: readonly GraphNode[]): Set<ValueId> {
  const readers = new Set(['Conv2D', 'FusedConv2D', 'FusedMatMul']);
  const filters = new Set(nodes.flatMap(({ op, inputs }) => (readers.has(op) ? [inputs[1]!] : [])));
  for (const { op, inputs } of nodes) {
    for (const [position, id] of inputs.entries()) if (position !== 1 || !readers.has(op)) filters.delete(id);
  }
  for (const { value } of outputs) filters.delete(value);
  return filters;
}

/** How many nodes each run computes: those that `bind` left on constants are computed once. */
export function countRunNodes({ nodes, constants }: Graph): number {
  const known = new Set(constants.keys());
  const runNodes = nodes.filter(({ inputs, outputs }) => {
    if (!inputs.every((id) => known.has(id))) return true;
    for (const id of outputs) known.add(id);
    return false;
  });
  return runNodes.length;
}
