import type { GraphNode, ValueId } from '@residual/compile';
import type { Activation } from '../shaders/convolution.ts';
import { binaryExpression, elementwise, type Operand, scaleOffset, unaryExpression } from '../shaders/elementwise.ts';
import { channelsOf, type PlanBuilder, rowsOf, type Slot } from './plan-builder.ts';

/** Element by element, of one value or of two of which one may be broadcast. */
export function lowerElementwise(builder: PlanBuilder, { op, label = op, inputs, outputs }: GraphNode): boolean {
  const [first, second] = inputs as [ValueId, ValueId];
  const [out] = outputs as [ValueId];
  const { values } = builder.graph;
  const { shape } = values[out]!;
  const size = { rows: rowsOf(shape), channels: channelsOf(shape) };
  const unary = unaryExpression(op);
  if (unary !== undefined) {
    if (builder.isConstant(first)) return false;
    const x = builder.slotOf(first);
    builder.dispatch(label, elementwise({ ...size, expression: unary }), [x, builder.place(out)]);
    return true;
  }
  const binary = binaryExpression(op);
  if (binary === undefined) return false;
  const isWhole = (id: ValueId): boolean => String(values[id]!.shape) === String(shape);
  const isSwapped = !isWhole(first) || (builder.isConstant(first) && isWhole(second));
  const [whole, other] = isSwapped ? [second, first] : [first, second];
  const operand = operandOf(values[other]!.shape, shape);
  if (!isWhole(whole) || operand === undefined) return false;
  const expression = isSwapped ? binary.replace(/\b[ab]\b/g, (name) => (name === 'a' ? 'b' : 'a')) : binary;
  const slots = [operandSlot(builder, whole), operandSlot(builder, other)];
  builder.dispatch(label, elementwise({ ...size, expression, operand }), [...slots, builder.place(out)]);
  return true;
}

/** A number to multiply with and one to add for each channel, in one buffer. */
export function lowerScaleOffset(
  builder: PlanBuilder,
  { op, label = op, inputs, outputs, attributes }: GraphNode,
): boolean {
  const [x, scale, offset] = inputs as [ValueId, ValueId, ValueId];
  const [out] = outputs as [ValueId];
  const { shape } = builder.graph.values[out]!;
  const vectors = [scale, offset].map((id) => builder.graph.constants.get(id));
  if (builder.isConstant(x) || vectors.includes(undefined)) return false;
  const channels = channelsOf(shape);
  const pitch = Math.ceil(channels / 4) * 4;
  const weights = builder.weights(2 * pitch, () => {
    const packed = new Float32Array(2 * pitch);
    for (const [index, data] of vectors.entries()) packed.set(data!, index * pitch);
    return packed;
  });
  const activation = attributes['activation'] as Activation;
  const shader = scaleOffset({ rows: rowsOf(shape), channels, activation });
  builder.dispatch(label, shader, [builder.slotOf(x), weights, builder.place(out)]);
  return true;
}

function operandOf(shape: readonly number[], full: readonly number[]): Operand | undefined {
  const channels = channelsOf(shape);
  if (channels !== 1 && channels !== channelsOf(full)) return undefined;
  const rows = [...new Array<number>(Math.max(0, full.length - shape.length)).fill(1), ...shape.slice(0, -1)];
  let shared = full.length - 1;
  while (shared > 0 && rows[shared - 1] === 1) shared--;
  if (rows.slice(0, shared).some((size, axis) => size !== full[axis])) return undefined;
  return { rowsPerRow: rowsOf(full.slice(shared)), isScalar: channels === 1 && channelsOf(full) !== 1 };
}

function operandSlot(builder: PlanBuilder, id: ValueId): Slot {
  const data = builder.graph.constants.get(id);
  if (data === undefined) return builder.slotOf(id);
  const { shape } = builder.graph.values[id]!;
  const channels = channelsOf(shape);
  const [rows, pitch] = [rowsOf(shape), Math.ceil(channels / 4) * 4];
  return builder.weights(rows * pitch, () => {
    const packed = new Float32Array(rows * pitch);
    for (let row = 0; row < rows; row++) packed.set(data.subarray(row * channels, (row + 1) * channels), row * pitch);
    return packed;
  });
}
