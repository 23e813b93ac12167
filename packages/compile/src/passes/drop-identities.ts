import type { Graph, GraphNode } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

/** Drops nodes that hand on their input as it is: copies, and casts, reshapes, paddings and cuts that change nothing. */
export function dropIdentities(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const original of graph.nodes) {
    const node = withoutDetour(editor, editor.resolve(original));
    if (isIdentity(editor, node)) editor.alias(node.outputs[0]!, node.inputs[0]!);
    else editor.push(node);
  }
  return editor.finish();
}

/** A reshape of a reshape reads what that one read. */
function withoutDetour(editor: GraphEditor, node: GraphNode): GraphNode {
  const before = node.op === 'Reshape' ? editor.producerOf(node.inputs[0]!) : undefined;
  return before?.op === 'Reshape' ? { ...node, inputs: before.inputs } : node;
}

function isIdentity(editor: GraphEditor, { op, inputs, outputs, attributes }: GraphNode): boolean {
  switch (op) {
    case 'Identity':
      return true;
    case 'Cast':
      return editor.valueOf(inputs[0]!).dtype === editor.valueOf(outputs[0]!).dtype;
    case 'Reshape':
    case 'Slice':
    case 'PadV2':
      return String(editor.shapeOf(inputs[0]!)) === String(editor.shapeOf(outputs[0]!));
    case 'Transpose':
      return (attributes['perm'] as number[]).every((axis, index) => axis === index);
    case 'Concat':
      return inputs.length === 1;
    default:
      return false;
  }
}
