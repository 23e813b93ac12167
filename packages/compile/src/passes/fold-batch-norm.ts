import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

/**
 * Folds batch norm with known statistics into the convolution before it: the filter times γ / √(σ² + ε) per output
 * channel, and a bias of what is left. The filter and bias are nodes on the parameters, which `bind` evaluates.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    const convolution = node.op === 'FusedBatchNorm' ? foldable(editor, node) : undefined;
    if (convolution === undefined) {
      editor.push(node);
      continue;
    }
    editor.remove(convolution);
    const [x, filter, oldBias] = convolution.inputs as [ValueId, ValueId, ValueId?];
    const folded = foldedWeights(editor, node, filter, oldBias);
    editor.push({
      ...convolution,
      op: 'FusedConv2D',
      inputs: [x, folded.filter, folded.bias],
      outputs: node.outputs,
      attributes: { activation: 'linear', hasResidual: false, ...convolution.attributes, hasBias: true },
    });
  }
  return editor.finish();
}

function foldable(editor: GraphEditor, batchNorm: GraphNode): GraphNode | undefined {
  const [x, ...statistics] = batchNorm.inputs as [ValueId, ...ValueId[]];
  if (!statistics.every((id) => editor.isWeight(id) && editor.shapeOf(id).length === 1)) return undefined;
  const producer = editor.soleProducerOf(x);
  if (producer === undefined || !editor.isWeight(producer.inputs[1]!)) return undefined;
  if (producer.op === 'Conv2D') return producer;
  const { hasResidual, activation } = producer.attributes;
  return producer.op === 'FusedConv2D' && !hasResidual && activation === 'linear' ? producer : undefined;
}

function foldedWeights(
  editor: GraphEditor,
  { inputs, attributes, label }: GraphNode,
  filter: ValueId,
  oldBias: ValueId | undefined,
): { filter: ValueId; bias: ValueId } {
  const [, mean, variance, ...rest] = inputs as [ValueId, ValueId, ValueId, ...ValueId[]];
  const offset = attributes['hasOffset'] ? rest[0] : undefined;
  const scale = attributes['hasScale'] ? rest.at(-1) : undefined;
  const shape = editor.shapeOf(mean);
  const emit = (op: string, operands: ValueId[], of = shape): ValueId => editor.emit(op, operands, {}, of, label);

  const epsilon = editor.constant(new Float32Array([attributes['varianceEpsilon'] as number]), []);
  const inverse = emit('Rsqrt', [emit('Add', [variance, epsilon])]);
  const factor = scale === undefined ? inverse : emit('Multiply', [scale, inverse]);
  const shift = oldBias === undefined ? emit('Neg', [mean]) : emit('Sub', [oldBias, mean]);
  const scaled = emit('Multiply', [shift, factor]);
  return {
    filter: emit('Multiply', [filter, factor], editor.shapeOf(filter)),
    bias: offset === undefined ? scaled : emit('Add', [scaled, offset]),
  };
}
