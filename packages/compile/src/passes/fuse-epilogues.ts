import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

/** Operations that an activation can become part of. */
const OPEN = ['FusedConv2D', 'FusedMatMul', 'ScaleOffset'];

/**
 * Makes the addition of a bias, the addition of the residual and the ReLU part of the convolution or matrix product
 * before them, and the ReLU part of the batch norm that is spelled out; each convolution and each product of two matrices
 * becomes its fused form even where nothing follows.
 */
export function fuseEpilogues(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  const order = new Map<ValueId, number>();
  graph.nodes.forEach((node, index) => {
    const fused = fusedForm(editor, node) ?? withEpilogue(editor, node, order) ?? node;
    editor.push(fused);
    for (const id of fused.outputs) order.set(id, index);
  });
  return editor.finish();
}

function fusedForm(editor: GraphEditor, node: GraphNode): GraphNode | undefined {
  if (node.op === 'Conv2D') {
    return {
      ...node,
      op: 'FusedConv2D',
      attributes: { ...node.attributes, hasBias: false, hasResidual: false, activation: 'linear' },
    };
  }
  if (node.op === 'DepthwiseConv2dNative') return asGroups(editor, node);
  if (node.op !== 'BatchMatMul' || node.inputs.some((id) => editor.shapeOf(id).length !== 2)) return undefined;
  return { ...node, op: 'FusedMatMul', attributes: { ...node.attributes, hasBias: false, activation: 'linear' } };
}

/** A depthwise convolution is one with as many groups as channels: `[h, w, channels, multiplier]` → `[h, w, 1, out]`. */
function asGroups(editor: GraphEditor, node: GraphNode): GraphNode {
  const [x, filter] = node.inputs as [ValueId, ValueId];
  const [height, width, groups, multiplier] = editor.shapeOf(filter) as [number, number, number, number];
  const shape = [height, width, 1, groups * multiplier];
  return {
    ...node,
    op: 'FusedConv2D',
    inputs: [x, editor.emit('Reshape', [filter], { shape }, shape, node.label)],
    attributes: { ...node.attributes, groups, hasBias: false, hasResidual: false, activation: 'linear' },
  };
}

function withEpilogue(
  editor: GraphEditor,
  node: GraphNode,
  order: ReadonlyMap<ValueId, number>,
): GraphNode | undefined {
  if (node.op === 'Relu' || node.op === 'Relu6') {
    const target = openTarget(editor, node.inputs[0]!);
    if (target === undefined) return undefined;
    editor.remove(target);
    const activation = node.op === 'Relu' ? 'relu' : 'relu6';
    return { ...target, outputs: node.outputs, attributes: { ...target.attributes, activation } };
  }
  if (node.op !== 'Add' || node.inputs[0] === node.inputs[1]) return undefined;
  return withBias(editor, node) ?? withResidual(editor, node, order);
}

/** A fused node that has no activation yet and whose value nothing else reads. */
function openTarget(editor: GraphEditor, id: ValueId): GraphNode | undefined {
  const producer = editor.soleProducerOf(id);
  if (producer === undefined || !OPEN.includes(producer.op)) return undefined;
  return producer.attributes['activation'] === 'linear' ? producer : undefined;
}

function withBias(editor: GraphEditor, node: GraphNode): GraphNode | undefined {
  for (const [data, bias] of [node.inputs, [...node.inputs].reverse()] as [ValueId, ValueId][]) {
    const target = openTarget(editor, data);
    if (target === undefined || target.op === 'ScaleOffset' || !editor.isWeight(bias)) continue;
    if (target.attributes['hasBias'] || target.attributes['hasResidual']) continue;
    const channels = editor.shapeOf(data).at(-1)!;
    const shape = editor.shapeOf(bias);
    if (shape.at(-1) !== channels || shape.slice(0, -1).some((size) => size !== 1)) continue;
    if (shape.length > editor.shapeOf(data).length) continue;
    editor.remove(target);
    const vector =
      shape.length === 1 ? bias : editor.emit('Reshape', [bias], { shape: [channels] }, [channels], target.label);
    return {
      ...target,
      inputs: [...target.inputs, vector],
      outputs: node.outputs,
      attributes: { ...target.attributes, hasBias: true },
    };
  }
  return undefined;
}

/** Of two convolutions that are added, the later one takes the other's value as its residual. */
function withResidual(
  editor: GraphEditor,
  node: GraphNode,
  order: ReadonlyMap<ValueId, number>,
): GraphNode | undefined {
  const shape = String(editor.shapeOf(node.outputs[0]!));
  if (node.inputs.some((id) => String(editor.shapeOf(id)) !== shape)) return undefined;
  const [first, second] = node.inputs as [ValueId, ValueId];
  const pairs: [ValueId, ValueId][] = [
    [first, second],
    [second, first],
  ];
  pairs.sort(([a], [b]) => (order.get(b) ?? -1) - (order.get(a) ?? -1));
  for (const [data, residual] of pairs) {
    const target = openTarget(editor, data);
    if (target?.op !== 'FusedConv2D' || target.attributes['hasResidual']) continue;
    editor.remove(target);
    return {
      ...target,
      inputs: [...target.inputs, residual],
      outputs: node.outputs,
      attributes: { ...target.attributes, hasResidual: true },
    };
  }
  return undefined;
}
