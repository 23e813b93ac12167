import type { Graph } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

/** Makes each part of a split a slice, for engines whose operations have one result. */
export function sliceSplits(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    if (node.op !== 'SplitV') {
      editor.push(node);
      continue;
    }
    const axis = node.attributes['axis'] as number;
    let first = 0;
    for (const id of node.outputs) {
      const size = [...editor.shapeOf(id)];
      const begin = size.map((_, index) => (index === axis ? first : 0));
      editor.push({ ...node, op: 'Slice', outputs: [id], attributes: { begin, size } });
      first += size[axis]!;
    }
  }
  return editor.finish();
}
