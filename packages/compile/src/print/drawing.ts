import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { describeNode, describeValue } from './describe-node.ts';

/** A box of a drawn graph. */
export interface Box {
  readonly kind: 'input' | 'node' | 'output';
  /** Unique among its kind. */
  readonly index: number;
  readonly lines: readonly string[];
  /** What goes in, each value once. */
  readonly reads: readonly Edge[];
}

export interface Edge {
  /** In the list of boxes. */
  readonly from: number;
  readonly text: string;
}

/** What of a graph is drawn, in the order of computing: data and what is made of it; weights are left out. */
export function drawingOf(graph: Graph): Box[] {
  const boxes: Box[] = [];
  const sources = new Map<ValueId, number>();
  const edges = (ids: readonly ValueId[]): Edge[] =>
    [...new Set(ids)].flatMap((id) => {
      const from = sources.get(id);
      return from === undefined ? [] : [{ from, text: describeValue(graph, id) }];
    });
  const data = graph.inputs.filter(({ role }) => role === 'data');
  for (const [index, { name, value }] of data.entries()) {
    sources.set(value, boxes.length);
    boxes.push({ kind: 'input', index, lines: [name], reads: [] });
  }
  for (const [index, node] of graph.nodes.entries()) {
    const reads = edges(node.inputs);
    if (reads.length === 0) continue;
    for (const id of node.outputs) sources.set(id, boxes.length);
    boxes.push({ kind: 'node', index, lines: linesOf(graph, node), reads });
  }
  for (const [index, { name, value }] of graph.outputs.entries()) {
    boxes.push({ kind: 'output', index, lines: [name], reads: edges([value]) });
  }
  return boxes;
}

function linesOf(graph: Graph, node: GraphNode): string[] {
  return [...(node.label ? [node.label] : []), describeNode(graph, node)];
}
