import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

type Pair = readonly [number, number];

/** The least float32. */
const LEAST = -3.4028234663852886e38;

/**
 * Makes an explicit padding of rows and columns part of the convolution or pooling that reads it.
 *
 * A convolution pads with zeros. A maximum pads with −∞: with that, with the least float32, which a graph can hold in JSON,
 * or with zeros where nothing is negative, so after a ReLU. An average counts no padding, so it keeps its explicit one.
 */
export function absorbPadding(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) editor.push(absorbed(editor, node) ?? node);
  return editor.finish();
}

function absorbed(editor: GraphEditor, node: GraphNode): GraphNode | undefined {
  const padding = editor.producerOf(node.inputs[0]!);
  if (padding?.op !== 'PadV2') return undefined;
  const [batch, rows, columns, channels] = padding.attributes['paddings'] as Pair[];
  if (channels === undefined || [...batch!, ...channels].some((count) => count !== 0)) return undefined;
  const [source] = padding.inputs as [ValueId];
  const value = padding.attributes['constantValue'] as number;
  const absorbs =
    node.op === 'Conv2D' || node.op === 'FusedConv2D' || node.op === 'DepthwiseConv2dNative'
      ? value === 0
      : node.op === 'MaxPool' &&
        (value <= LEAST || (value === 0 && isNonNegative(editor, source))) &&
        everyWindowHasPixels(node, [rows!, columns!]);
  if (!absorbs) return undefined;
  const pad = (node.attributes['pad'] as unknown as Pair[]).map((own, axis) =>
    own.map((count, end) => count + [rows!, columns!][axis]![end]!),
  );
  return { ...node, inputs: [source, ...node.inputs.slice(1)], attributes: { ...node.attributes, pad } };
}

function isNonNegative(editor: GraphEditor, id: ValueId): boolean {
  const producer = editor.producerOf(id);
  if (producer === undefined) return false;
  if (['Relu', 'Relu6', 'Sigmoid', 'Abs', 'Square', 'Softmax'].includes(producer.op)) return true;
  if (['MaxPool', 'AvgPool', 'Reshape', 'Identity'].includes(producer.op))
    return isNonNegative(editor, producer.inputs[0]!);
  const { activation } = producer.attributes;
  return activation === 'relu' || activation === 'relu6';
}

function everyWindowHasPixels(node: GraphNode, paddings: readonly Pair[]): boolean {
  const size = node.attributes['filterSize'] as Pair;
  return paddings.every((ends, axis) => ends.every((count) => count < size[axis]!));
}
