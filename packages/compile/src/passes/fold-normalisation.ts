import type { Graph, GraphNode, ValueId } from '../graph.ts';
import { GraphEditor } from './graph-editor.ts';

/** `(x + shift) * scale`, per channel. */
interface Affine {
  readonly x: ValueId;
  readonly shift: readonly number[];
  readonly scale: readonly number[];
}

/**
 * Folds a normalisation by constants, such as `(x / 255 - mean) / deviation`, into the convolution that reads it.
 *
 * The scale goes into the filter. The shift goes into the bias where the convolution does not pad; where it does, its
 * zeros are zeros after the normalisation, so one addition of the shift stays in front.
 */
export function foldNormalisation(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) editor.push(withoutNormalisation(editor, node) ?? node);
  return editor.finish();
}

function withoutNormalisation(editor: GraphEditor, node: GraphNode): GraphNode | undefined {
  if ((node.op !== 'Conv2D' && node.op !== 'FusedConv2D') || node.attributes['groups'] !== 1) return undefined;
  const [input, filter, ...rest] = node.inputs as [ValueId, ValueId, ...ValueId[]];
  const channels = editor.shapeOf(input)[3]!;
  const affine = affineOf(editor, input, channels);
  if (affine.x === input || !editor.isWeight(filter)) return undefined;

  const { label } = node;
  const along = (numbers: readonly number[], shape: readonly number[]): ValueId =>
    editor.constant(Float32Array.from(numbers), shape);
  const scale = along(affine.scale, [1, 1, channels, 1]);
  const scaled = editor.emit('Multiply', [filter, scale], {}, editor.shapeOf(filter), label);
  if (affine.shift.every((shift) => shift === 0)) return { ...node, inputs: [affine.x, scaled, ...rest] };

  const isPadded = (node.attributes['pad'] as number[][]).flat().some((count) => count !== 0);
  if (isPadded) {
    const { shape } = editor.valueOf(affine.x);
    const shifted = editor.emit('Add', [affine.x, along(affine.shift, [channels])], {}, shape, label);
    return { ...node, inputs: [shifted, scaled, ...rest] };
  }
  const outChannels = editor.shapeOf(filter)[3]!;
  const shift = along(affine.shift, [1, 1, channels, 1]);
  const product = editor.emit('Multiply', [scaled, shift], {}, editor.shapeOf(filter), label);
  const sum = editor.emit('Sum', [product], { axis: [0, 1, 2], keepDims: false }, [outChannels], label);
  const hasBias = node.attributes['hasBias'] === true;
  const bias = hasBias ? editor.emit('Add', [sum, rest[0]!], {}, [outChannels], label) : sum;
  return {
    ...node,
    op: 'FusedConv2D',
    inputs: [affine.x, scaled, bias, ...rest.slice(hasBias ? 1 : 0)],
    attributes: { activation: 'linear', hasResidual: false, ...node.attributes, hasBias: true },
  };
}

/** Follows additions and multiplications by constants back from `id`. */
function affineOf(editor: GraphEditor, id: ValueId, channels: number): Affine {
  const identity: Affine = { x: id, shift: new Array(channels).fill(0), scale: new Array(channels).fill(1) };
  const node = editor.soleProducerOf(id);
  if (node === undefined || !['Add', 'Sub', 'Multiply', 'RealDiv'].includes(node.op)) return identity;
  const [left, right] = node.inputs as [ValueId, ValueId];
  const isCommutative = node.op === 'Add' || node.op === 'Multiply';
  const [data, constant] = isCommutative && editor.constantOf(left) !== undefined ? [right, left] : [left, right];
  const numbers = perChannel(editor, constant, channels);
  const scales = node.op === 'Multiply' || node.op === 'RealDiv';
  if (
    numbers === undefined ||
    (scales && numbers.includes(0)) ||
    String(editor.shapeOf(data)) !== String(editor.shapeOf(id))
  )
    return identity;

  const { x, shift, scale } = affineOf(editor, data, channels);
  const at = (combine: (own: number, number: number, channel: number) => number, own: readonly number[]): number[] =>
    own.map((value, channel) => combine(value, numbers[channel]!, channel));
  switch (node.op) {
    case 'Add':
      return { x, shift: at((own, number, channel) => own + number / scale[channel]!, shift), scale };
    case 'Sub':
      return { x, shift: at((own, number, channel) => own - number / scale[channel]!, shift), scale };
    case 'Multiply':
      return { x, shift, scale: at((own, number) => own * number, scale) };
    default:
      return { x, shift, scale: at((own, number) => own / number, scale) };
  }
}

/** A constant's number for each channel, where it has one. */
function perChannel(editor: GraphEditor, id: ValueId, channels: number): number[] | undefined {
  const data = editor.constantOf(id);
  if (data === undefined) return undefined;
  const shape = editor.shapeOf(id);
  if (data.length === 1) return new Array(channels).fill(data[0]);
  return data.length === channels && shape.at(-1) === channels ? [...data] : undefined;
}
