import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { batchNormWeights, hasKnownStatistics } from './batch-norm-weights.ts';
import { GraphEditor } from './graph-editor.ts';

/**
 * Folds batch norm with known statistics into the convolution or matrix product before it: the filter times
 * γ / √(σ² + ε) per output channel, and a bias of what is left. The filter and bias are nodes on the parameters, which
 * `bind` evaluates.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const product = node.op === 'FusedBatchNorm' ? foldable(editor, node) : undefined;
    if (product === undefined) {
      editor.push(node);
      continue;
    }
    editor.remove(product);
    const [x, filter, oldBias] = product.inputs as [ValueId, ValueId, ValueId?];
    const { scale, offset } = batchNormWeights(editor, node, oldBias);
    const scaled = editor.emit('Multiply', [filter, scale], {}, editor.shapeOf(filter), node.label);
    const isMatrix = product.op === 'FusedMatMul';
    const plain = isMatrix ? {} : { activation: 'linear', hasResidual: false };
    editor.push({
      ...product,
      op: isMatrix ? 'FusedMatMul' : 'FusedConv2D',
      inputs: [x, scaled, offset],
      outputs: node.outputs,
      attributes: { ...plain, ...product.attributes, hasBias: true },
    });
  }
  return editor.finish();
}

function foldable(editor: GraphEditor, batchNorm: GraphNode): GraphNode | undefined {
  if (!hasKnownStatistics(editor, batchNorm)) return undefined;
  const producer = editor.soleProducerOf(batchNorm.inputs[0]!);
  if (producer === undefined || !editor.isWeight(producer.inputs[1]!)) return undefined;
  if (producer.op === 'Conv2D') return producer;
  const { hasResidual, activation, transposeB } = producer.attributes;
  const isProduct = producer.op === 'FusedConv2D' || (producer.op === 'FusedMatMul' && !transposeB);
  return isProduct && !hasResidual && activation === 'linear' ? producer : undefined;
}
