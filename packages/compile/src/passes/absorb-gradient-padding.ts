import type { Graph, GraphNode } from '../graph.ts';
import { tfjsPad } from '../rules/window.ts';
import { GraphEditor } from './graph-editor.ts';

type Pair = readonly [number, number];

const NONE: readonly Pair[] = [
  [0, 0],
  [0, 0],
];

/**
 * Makes the padding of a convolution part of its gradients: `backpropFilter(pad(x), dy)` reads x, and
 * `slice(backpropInput(dy))` gives the slice alone. Only where the padding is what `same` means, which is all that every
 * backend's gradients take.
 */
export function absorbGradientPadding(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    if (node.op === 'Conv2DBackpropFilter') editor.push(ofFilter(editor, node) ?? node);
    else if (node.op === 'Slice') pushSlice(editor, node);
    else editor.push(node);
  }
  return editor.finish();
}

function ofFilter(editor: GraphEditor, node: GraphNode): GraphNode | undefined {
  const padding = editor.producerOf(node.inputs[0]!);
  if (padding?.op !== 'PadV2' || padding.attributes['constantValue'] !== 0) return undefined;
  const [batch, rows, columns, channels] = padding.attributes['paddings'] as Pair[];
  if (channels === undefined || [...batch!, ...channels].some((count) => count !== 0)) return undefined;
  const [x] = padding.inputs;
  return padded(
    node,
    editor.shapeOf(x!),
    node.attributes['filterShape'] as number[],
    [rows!, columns!],
    [x!, ...node.inputs.slice(1)],
  );
}

function pushSlice(editor: GraphEditor, slice: GraphNode): void {
  const gradient = editor.soleProducerOf(slice.inputs[0]!);
  const shape = editor.shapeOf(slice.outputs[0]!);
  const fused = gradient?.op === 'Conv2DBackpropInput' ? ofInput(editor, gradient, slice, shape) : undefined;
  if (fused !== undefined) editor.remove(gradient!);
  editor.push(fused ?? slice);
}

function ofInput(
  editor: GraphEditor,
  gradient: GraphNode,
  slice: GraphNode,
  shape: readonly number[],
): GraphNode | undefined {
  const whole = gradient.attributes['inputShape'] as number[];
  if (shape[0] !== whole[0] || shape[3] !== whole[3]) return undefined;
  const begin = slice.attributes['begin'] as number[];
  const ends = [1, 2].map((axis): Pair => [begin[axis]!, whole[axis]! - begin[axis]! - shape[axis]!]);
  const fused = padded(gradient, shape, editor.shapeOf(gradient.inputs[1]!), ends, gradient.inputs);
  if (fused === undefined) return undefined;
  return { ...fused, outputs: slice.outputs, attributes: { ...fused.attributes, inputShape: [...shape] } };
}

/** The gradient over an image of `shape` that is padded by `pad`, if every backend has it. */
function padded(
  node: GraphNode,
  shape: readonly number[],
  [height, width]: readonly number[],
  pad: readonly Pair[],
  inputs: readonly number[],
): GraphNode | undefined {
  if (String(node.attributes['pad']) !== String(NONE)) return undefined;
  const window = { strides: node.attributes['strides'] as Pair, pad: pad as [Pair, Pair], dilations: [1, 1] as Pair };
  if (typeof tfjsPad(shape, [height!, width!], window) !== 'string') return undefined;
  return { ...node, inputs, attributes: { ...node.attributes, pad } };
}
