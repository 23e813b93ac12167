import type { Tensor } from '@tensorflow/tfjs-core';
import { BindError } from './bind/bind-error.ts';
import { type HostArray, hostKernels } from './bind/host-kernels.ts';
import type { ConstantData, Graph, GraphDtype, GraphNode, ValueId } from './graph.ts';
import { dropDeadCode } from './passes/drop-dead-code.ts';

/** One weight in host memory, row-major in tfjs's layout: filters `[h, w, in / groups, out]`, matrices `[in, out]`. */
export interface Weight {
  readonly shape: readonly number[];
  readonly data: ConstantData;
}

/** Weights by the names that the traced function gave its parameters. */
export type Weights = ReadonlyMap<string, Weight>;

/** Reads tensors, such as a model's `variables`, into host memory; they stay the caller's. */
export async function readWeights(variables: Iterable<readonly [string, Tensor]>): Promise<Map<string, Weight>> {
  const weights = new Map<string, Weight>();
  for (const [name, tensor] of variables) {
    weights.set(name, { shape: tensor.shape, data: (await tensor.data()) as ConstantData });
  }
  return weights;
}

/**
 * Gives a graph its weights: parameters become constants, and what depends on constants alone (a folded batch norm)
 * is computed now, in float64, and rounded once. Weights that the graph does not ask for are left alone.
 *
 * @throws BindError for a parameter that has no weight, or one of another shape.
 */
export function bind(graph: Graph, weights: Weights): Graph {
  const known = new Map<ValueId, HostArray>();
  for (const [id, data] of graph.constants) known.set(id, { shape: graph.values[id]!.shape, data });
  for (const { name, role, value } of graph.inputs) {
    if (role === 'parameter') known.set(value, checked(name, graph.values[value]!.shape, weights.get(name)));
  }
  const kernels = hostKernels();
  const nodes = graph.nodes.filter((node) => !isEvaluated(node, kernels.get(node.op), known));
  return dropDeadCode({
    ...graph,
    nodes,
    inputs: graph.inputs.filter(({ role }) => role === 'data'),
    constants: new Map(
      [...used(graph, nodes, known)].map((id) => [id, stored(known.get(id)!, graph.values[id]!.dtype)]),
    ),
  });
}

function checked(name: string, shape: readonly number[], weight: Weight | undefined): HostArray {
  if (weight === undefined) throw new BindError(name, shape, 'no weight of that name');
  if (String(weight.shape) !== String(shape)) throw new BindError(name, shape, `[${weight.shape.join(', ')}]`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (weight.data.length !== count) throw new BindError(name, shape, `${weight.data.length} numbers`);
  return weight;
}

function isEvaluated(
  node: GraphNode,
  kernel: ReturnType<ReturnType<typeof hostKernels>['get']>,
  known: Map<ValueId, HostArray>,
): boolean {
  if (kernel === undefined || node.inputs.length === 0 || !node.inputs.every((id) => known.has(id))) return false;
  known.set(
    node.outputs[0]!,
    kernel(
      node.inputs.map((id) => known.get(id)!),
      node.attributes,
    ),
  );
  return true;
}

function used(graph: Graph, nodes: readonly GraphNode[], known: ReadonlyMap<ValueId, HostArray>): Set<ValueId> {
  const reads = [...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value)];
  return new Set(reads.filter((id) => known.has(id)));
}

function stored({ data }: HostArray, dtype: GraphDtype): ConstantData {
  if (dtype === 'int32') return data instanceof Int32Array ? data : Int32Array.from(data);
  if (dtype === 'bool') return data instanceof Uint8Array ? data : Uint8Array.from(data);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
