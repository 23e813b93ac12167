import type { Graph, GraphNode, ValueId } from './graph.ts';

/** Where each computed value lies in one block of memory, so that values that never live together share it. */
export interface BufferPlan {
  /** Byte offset of each value that a node computes; constants, parameters and data inputs have memory of their own. */
  readonly offsets: ReadonlyMap<ValueId, number>;
  readonly sizeBytes: number;
  /** The most that lives at one time: no plan can be smaller. */
  readonly peakBytes: number;
}

interface Buffer {
  readonly values: ValueId[];
  readonly sizeBytes: number;
  first: number;
  last: number;
}

const ALIGNMENT_BYTES = 64;

/**
 * Plans memory by lifetime: a value's place is free after its last reader, and where a node may write over its input
 * (element by element, or a residual that is added to the result) it does. Outputs live to the end.
 */
export function planBuffers(graph: Graph): BufferPlan {
  const buffers = lifetimesOf(graph);
  const placed: { buffer: Buffer; offset: number }[] = [];
  for (const buffer of [...buffers].sort((a, b) => b.sizeBytes - a.sizeBytes || a.first - b.first)) {
    const rivals = placed
      .filter(({ buffer: other }) => other.first <= buffer.last && buffer.first <= other.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + buffer.sizeBytes <= rival.offset) break;
      offset = Math.max(offset, rival.offset + rival.buffer.sizeBytes);
    }
    placed.push({ buffer, offset });
  }
  return {
    offsets: new Map(placed.flatMap(({ buffer, offset }) => buffer.values.map((id) => [id, offset] as const))),
    sizeBytes: Math.max(0, ...placed.map(({ buffer, offset }) => offset + buffer.sizeBytes)),
    peakBytes: Math.max(
      0,
      ...graph.nodes.map((_, step) =>
        buffers.reduce((sum, { first, last, sizeBytes }) => (first <= step && step <= last ? sum + sizeBytes : sum), 0),
      ),
    ),
  };
}

function lifetimesOf(graph: Graph): Buffer[] {
  const lastReads = new Map<ValueId, number>();
  graph.nodes.forEach((node, step) => {
    for (const id of node.inputs) lastReads.set(id, step);
  });
  for (const { value } of graph.outputs) lastReads.set(value, graph.nodes.length);

  const buffers = new Map<ValueId, Buffer>();
  graph.nodes.forEach((node, step) => {
    for (const id of node.outputs) {
      const last = lastReads.get(id) ?? step;
      const reused = overwritable(graph, node)
        .map((input) => buffers.get(input))
        .find((buffer) => buffer?.last === step && buffer.sizeBytes === sizeBytesOf(graph, id));
      const buffer = reused ?? { values: [], sizeBytes: sizeBytesOf(graph, id), first: step, last };
      buffer.values.push(id);
      buffer.last = last;
      buffers.set(id, buffer);
    }
  });
  return [...new Set(buffers.values())];
}

/** The inputs that a node reads only at the element it writes. */
function overwritable(graph: Graph, { op, inputs, outputs, attributes }: GraphNode): ValueId[] {
  if (op === 'FusedConv2D') return attributes['hasResidual'] && inputs[0] !== inputs.at(-1) ? [inputs.at(-1)!] : [];
  if (!ELEMENTWISE.includes(op)) return [];
  const { shape, dtype } = graph.values[outputs[0]!]!;
  return inputs.filter((id) => String(graph.values[id]!.shape) === String(shape) && graph.values[id]!.dtype === dtype);
}

const ELEMENTWISE: readonly string[] = [
  'Abs',
  'Add',
  'ClipByValue',
  'Elu',
  'Exp',
  'FusedBatchNorm',
  'LeakyRelu',
  'Log',
  'Maximum',
  'Minimum',
  'Multiply',
  'Neg',
  'Prelu',
  'RealDiv',
  'Relu',
  'Relu6',
  'Rsqrt',
  'Selu',
  'Sigmoid',
  'Softplus',
  'Sqrt',
  'Square',
  'Step',
  'Sub',
  'Tanh',
];

function sizeBytesOf(graph: Graph, id: ValueId): number {
  const { shape, dtype } = graph.values[id]!;
  const bytes = shape.reduce((product, size) => product * size, dtype === 'bool' ? 1 : 4);
  return Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}
