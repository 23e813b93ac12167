import type { ProfileStep } from '../engine.ts';
import type { Graph, GraphDtype, GraphNode, ValueId } from '../graph.ts';
import { costOf } from '../summary.ts';

/** A step of an engine's runs, and what it takes, as the engine's plan says. */
export interface EngineStep {
  /** What it computes, or the first output of the node that it is part of. */
  readonly value: ValueId;
  readonly algorithm: string;
  /** Those that the engine does. */
  readonly multiplyAdds: number;
  readonly weightBytes: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

const BYTES: Readonly<Record<GraphDtype, number>> = { float32: 4, int32: 4, bool: 1 };

/** Algorithms that only move a graph's inputs and outputs: their steps have a node's value, and none of its work. */
const TRANSFERS: Readonly<Record<string, string>> = { pack: 'Input', unpack: 'Output' };

/**
 * Names an engine's steps by the graph, and gives them their typical times. Steps in a row that are one node's by one
 * algorithm become one.
 *
 * @param times For each run the milliseconds of each step.
 */
export function nameSteps(
  graph: Graph,
  steps: readonly EngineStep[],
  times: readonly ArrayLike<number>[],
): ProfileStep[] {
  const nodes = new Map(graph.nodes.flatMap((node) => node.outputs.map((value) => [value, node] as const)));
  const counted = new Set<GraphNode>();
  return inOnes(steps).map(([first, last]) => {
    const parts = steps.slice(first, last);
    const { value, algorithm } = parts[0]!;
    const transfer = TRANSFERS[algorithm];
    const node = transfer === undefined ? nodes.get(value) : undefined;
    const computedMultiplyAdds = sum(parts.map(({ multiplyAdds }) => multiplyAdds));
    const computes = node !== undefined && computedMultiplyAdds > 0 && !counted.has(node);
    if (computes) counted.add(node);
    const filter = node?.op.endsWith('Conv2D') ? { filterShape: graph.values[node.inputs[1]!]!.shape } : {};
    return {
      name: node === undefined ? portName(graph, value, transfer) : nameOf(graph, node),
      kind: node?.op ?? transfer ?? 'Input',
      algorithm,
      shape: graph.values[value]!.shape,
      ...filter,
      timeMs: typical(times.map((run) => sum(parts.map((_, index) => run[first + index]!)))),
      multiplyAdds: computes ? costOf(graph, node).multiplyAdds : 0,
      computedMultiplyAdds,
      weightBytes: sum(parts.map(({ weightBytes }) => weightBytes)),
      readBytes: sum(parts.map(({ readBytes }) => readBytes)),
      writtenBytes: sum(parts.map(({ writtenBytes }) => writtenBytes)),
    };
  });
}

/** Steps of an engine that computes node by node, of values as they are. */
export function nodeSteps({ values, nodes, constants }: Graph, algorithm: string): EngineStep[] {
  const bytesOf = (ids: readonly ValueId[]): number =>
    sum(ids.map((id) => values[id]!.shape.reduce((product, size) => product * size, BYTES[values[id]!.dtype])));
  return nodes.map((node) => ({
    value: node.outputs[0]!,
    algorithm,
    multiplyAdds: costOf({ values }, node).multiplyAdds,
    weightBytes: bytesOf(node.inputs.filter((id) => constants.has(id))),
    readBytes: bytesOf(node.inputs.filter((id) => !constants.has(id))),
    writtenBytes: bytesOf(node.outputs),
  }));
}

/** First step and end of each row of steps that are one. */
function inOnes(steps: readonly EngineStep[]): [number, number][] {
  const rows: [number, number][] = [];
  for (const [index, { value, algorithm }] of steps.entries()) {
    const before = steps[index - 1];
    if (before?.value === value && before.algorithm === algorithm) rows.at(-1)![1] = index + 1;
    else rows.push([index, index + 1]);
  }
  return rows;
}

/** What it was recorded as, else the input of the graph that it reads or the output that it goes into, else its operation. */
function nameOf(graph: Graph, node: GraphNode): string {
  if (node.label !== undefined) return node.label;
  const isRead = ({ value }: { value: ValueId }): boolean =>
    node.inputs.includes(value) && graph.values[value]!.shape.length > 0;
  const read = graph.inputs.filter(isRead).at(-1);
  return read?.name ?? outputOf(graph, node.outputs[0]!) ?? node.op;
}

/** The first output of the graph that a value goes into without changing its shape, as a gradient goes into its variable. */
function outputOf(graph: Graph, value: ValueId): string | undefined {
  const shape = String(graph.values[value]!.shape);
  const reached = new Set([value]);
  for (const { inputs, outputs } of graph.nodes) {
    if (!inputs.some((id) => reached.has(id))) continue;
    for (const id of outputs) if (String(graph.values[id]!.shape) === shape) reached.add(id);
  }
  return graph.outputs.find((output) => reached.has(output.value))?.name;
}

function portName(graph: Graph, value: ValueId, transfer: string | undefined): string {
  const ports = transfer === 'Output' ? graph.outputs : graph.inputs;
  return ports.find((port) => port.value === value)?.name ?? (transfer ?? 'input').toLowerCase();
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** The median, or the mean where a clock is too coarse to see the step in most runs, as Firefox's of a millisecond is. */
export function typical(numbers: readonly number[]): number {
  return median(numbers) || sum(numbers) / numbers.length;
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
