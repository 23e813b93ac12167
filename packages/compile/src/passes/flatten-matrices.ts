import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

/**
 * Makes a product of two matrices one of rank 2 where it was written as one of rank 3 between reshapes, as tfjs writes
 * `fused.matMul` and tfjs-layers its dense layers.
 */
export function flattenMatrices(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) editor.push(flattened(editor, node) ?? node);
  return editor.finish();
}

function flattened(editor: GraphEditor, node: GraphNode): GraphNode | undefined {
  if (node.op !== 'Reshape' || editor.shapeOf(node.outputs[0]!).length !== 2) return undefined;
  const product = editor.soleProducerOf(node.inputs[0]!);
  if (product?.op !== 'FusedMatMul' && product?.op !== 'BatchMatMul') return undefined;
  const isStacked = [...product.inputs.slice(0, 2), ...product.outputs].some((id) => {
    const shape = editor.shapeOf(id);
    return shape.length !== 3 || shape[0] !== 1;
  });
  if (isStacked || String(editor.shapeOf(product.outputs[0]!).slice(1)) !== String(editor.shapeOf(node.outputs[0]!))) {
    return undefined;
  }
  const [a, b, ...rest] = product.inputs as [ValueId, ValueId, ...ValueId[]];
  const matrix = (id: ValueId): ValueId => {
    const shape = editor.shapeOf(id).slice(1);
    return editor.emit('Reshape', [id], { shape }, shape, product.label);
  };
  editor.remove(product);
  return { ...product, inputs: [matrix(a), matrix(b), ...rest], outputs: node.outputs };
}
