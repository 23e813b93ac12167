import type { Graph, GraphNode } from '../graph.ts';
import { hasKnownStatistics } from './batch-norm-weights.ts';
import { GraphEditor } from './graph-editor.ts';

/**
 * Lets a batch norm read what was reshaped for it, and reshapes its result: tfjs makes pictures of matrices
 * (`[N, C]` → `[1, 1, N, C]`) to normalise them. So it meets the matrix product before it. Only where the statistics are
 * known, for those are folded or spelled out afterwards.
 */
export function flattenBatchNorms(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const reshape = node.op === 'FusedBatchNorm' ? reshapeBefore(editor, node) : undefined;
    if (reshape === undefined) {
      editor.push(node);
      continue;
    }
    const [x] = reshape.inputs;
    const shape = editor.shapeOf(node.outputs[0]!);
    const inputs = [x!, ...node.inputs.slice(1)];
    const normal = editor.emit(node.op, inputs, node.attributes, editor.shapeOf(x!), node.label);
    editor.push({ ...node, op: 'Reshape', inputs: [normal], attributes: { shape } });
  }
  return editor.finish();
}

function reshapeBefore(editor: GraphEditor, batchNorm: GraphNode): GraphNode | undefined {
  const producer = editor.producerOf(batchNorm.inputs[0]!);
  if (producer?.op !== 'Reshape' || !hasKnownStatistics(editor, batchNorm)) return undefined;
  const [before, after] = [producer.inputs[0]!, producer.outputs[0]!].map((id) => editor.shapeOf(id).at(-1));
  return before === after ? producer : undefined;
}
