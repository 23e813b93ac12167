import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

/**
 * Makes tfjs's gradient of a ReLU, `dy * step(x)`, one operation, which reads the ReLU's result in place of x: so x need
 * not be kept until then.
 */
export function fuseReluGradients(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  const results = new Map<ValueId, ValueId>();
  for (const node of graph.nodes) {
    if (node.op === 'Relu') results.set(node.inputs[0]!, node.outputs[0]!);
    editor.push(fused(editor, node, results) ?? node);
  }
  return editor.finish();
}

function fused(editor: GraphEditor, node: GraphNode, results: ReadonlyMap<ValueId, ValueId>): GraphNode | undefined {
  if (node.op !== 'Multiply') return undefined;
  const [a, b] = node.inputs as [ValueId, ValueId];
  for (const [dy, factor] of [[a, b] as const, [b, a] as const]) {
    const x = stepOf(editor, editor.producerOf(factor));
    if (x === undefined || String(editor.shapeOf(dy)) !== String(editor.shapeOf(x))) continue;
    return { ...node, op: 'ReluGrad', inputs: [dy, results.get(x) ?? x], attributes: {} };
  }
  return undefined;
}

/** What a node is the step function of, if it is one, with 0 for what is not positive. */
function stepOf(editor: GraphEditor, node: GraphNode | undefined): ValueId | undefined {
  if (node?.op === 'Cast' && editor.valueOf(node.outputs[0]!).dtype === 'float32')
    return stepOf(editor, editor.producerOf(node.inputs[0]!));
  return node?.op === 'Step' && (node.attributes['alpha'] ?? 0) === 0 ? node.inputs[0] : undefined;
}
