import type { Graph, GraphNode, ValueId } from './graph.ts';

export interface LayerSummary {
  /** Where in the model, e.g. `layer1.0.conv1`; empty before the first parameter is read. */
  readonly label: string;
  /** The tfjs kernel. */
  readonly op: string;
  readonly outputShape: readonly number[];
  /** Trainable numbers that this layer is the first to read. */
  readonly parameters: number;
  readonly multiplyAdds: number;
  readonly activations: number;
}

export interface Summary {
  /** Trainable numbers, as torchvision's `num_params`: running averages (not trainable, or a batch norm's mean and variance) are not among them, captured variables are. */
  readonly parameters: number;
  /** Multiplications of convolutions and matrix products, each with its addition, as torchvision's `_ops` (biases not counted). */
  readonly multiplyAdds: number;
  /** Elements that convolutions and matrix products put out, as fvcore's `ActivationCountAnalysis` and timm's results count them. */
  readonly activations: number;
  /** In the order of computation; casts, reshapes and copies are left out. */
  readonly layers: readonly LayerSummary[];
}

/** Counts what a graph costs, from its shapes alone: no weights are needed and none allocated. */
export function summary(graph: Graph): Summary {
  const statistics = new Set(
    graph.nodes.flatMap(({ op, inputs }) => (op === 'FusedBatchNorm' ? inputs.slice(1, 3) : [])),
  );
  const declared = graph.inputs
    .filter(({ role, trainable }) => role === 'parameter' && trainable !== false)
    .map(({ value }) => value);
  const captured = [...graph.constants.keys()].filter((id) => graph.values[id]!.variable !== undefined);
  const counted = [...declared, ...captured].filter((id) => !statistics.has(id));
  const uncounted = new Map(counted.map((id) => [id, sizeOf(graph, id)]));
  const parameters = sum([...uncounted.values()]);
  const layers = graph.nodes
    .map((node) => {
      const layer = {
        label: node.label ?? '',
        op: node.op,
        outputShape: graph.values[node.outputs[0]!]!.shape,
        parameters: sum(node.inputs.map((id) => uncounted.get(id) ?? 0)),
        ...costOf(graph, node),
      };
      for (const id of node.inputs) uncounted.delete(id);
      return layer;
    })
    .filter(({ op, parameters }) => parameters > 0 || !['Cast', 'Identity', 'Reshape'].includes(op));
  return {
    parameters,
    multiplyAdds: sum(layers.map((layer) => layer.multiplyAdds)),
    activations: sum(layers.map((layer) => layer.activations)),
    layers,
  };
}

/** What one node costs, from its shapes. */
export function costOf(
  graph: Pick<Graph, 'values'>,
  { op, inputs, outputs, attributes }: GraphNode,
): { multiplyAdds: number; activations: number } {
  const [first, second] = inputs.map((id) => graph.values[id]!.shape);
  const activations = sizeOf(graph, outputs[0]!);
  switch (op) {
    case 'Conv2D':
    case 'FusedConv2D':
      return { multiplyAdds: activations * product(second!.slice(0, 3)), activations };
    case 'DepthwiseConv2dNative':
      return { multiplyAdds: activations * product(second!.slice(0, 2)), activations };
    case 'BatchMatMul':
    case 'FusedMatMul':
      return { multiplyAdds: activations * first!.at(attributes['transposeA'] ? -2 : -1)!, activations };
    case 'Conv2DBackpropInput':
      return { multiplyAdds: product(first!) * product(second!.slice(0, 3)), activations: 0 };
    case 'Conv2DBackpropFilter':
      return {
        multiplyAdds: product(second!) * product((attributes['filterShape'] as number[]).slice(0, 3)),
        activations: 0,
      };
    default:
      return { multiplyAdds: 0, activations: 0 };
  }
}

function sizeOf(graph: Pick<Graph, 'values'>, id: ValueId): number {
  return product(graph.values[id]!.shape);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
