import type { OnnxNodeWriter } from './node-writer.ts';
import type { OnnxOperation, OnnxOperationTable } from './operation.ts';
import { DATA_TYPE } from './proto-fields.ts';
import { activate } from './windows.ts';

type Pair = readonly [number, number];

/** Where the graph's axes `[N, H, W, C]` are in a picture `[N, C, H, W]`. */
const IMAGE_AXES = [0, 2, 3, 1] as const;

/** Matrix products, reductions, and operations that move, cut and join. */
export const arrayOperations: OnnxOperationTable = {
  BatchMatMul: (w) => w.output(matMul(w), 'plain'),
  FusedMatMul: (w) => {
    const { transposeA, transposeB, hasBias, activation } = w.attributes;
    const inputs = w.inputValues.map((_, index) => w.input(index, 'plain'));
    const isGemm = w.inputValues[0]!.shape.length === 2 && w.inputValues[1]!.shape.length === 2;
    let y = isGemm ? w.op('Gemm', inputs, { transA: Number(transposeA), transB: Number(transposeB) }) : matMul(w);
    if (hasBias && !isGemm) y = w.op('Add', [y, inputs[2]!]);
    w.output(activate(w, y, activation as string), 'plain');
  },

  Max: (w) => overPicture(w, 'GlobalMaxPool') || reduce(w, 'ReduceMax'),
  Min: (w) => reduce(w, 'ReduceMin'),
  Prod: (w) => reduce(w, 'ReduceProd'),
  Mean: (w) => overPicture(w, 'GlobalAveragePool') || reduce(w, 'ReduceMean'),
  Sum: (w) => {
    const { axis, keepDims } = w.attributes;
    w.output(
      w.op('ReduceSum', [w.input(0, 'plain'), w.ints(axis as number[])], { keepdims: Number(keepDims) }),
      'plain',
    );
  },
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Softmax: (w) => w.output(w.op('Softmax', [w.input(0, 'plain')], { axis: w.attributes['dim'] as number }), 'plain'),
  LogSoftmax: (w) =>
    w.output(w.op('LogSoftmax', [w.input(0, 'plain')], { axis: w.attributes['axis'] as number }), 'plain'),

  Reshape: (w) => w.output(w.op('Reshape', [w.input(0, 'plain'), w.ints(reshapeTo(w))]), 'plain'),
  ExpandDims: (w) =>
    w.output(w.op('Unsqueeze', [w.input(0, 'plain'), w.ints([w.attributes['dim'] as number])]), 'plain'),
  Transpose: (w) =>
    w.output(w.op('Transpose', [w.input(0, 'plain')], { perm: w.attributes['perm'] as number[] }), 'plain'),
  Tile: (w) => w.output(w.op('Tile', [w.input(0, 'plain'), w.ints(w.attributes['reps'] as number[])]), 'plain'),
  GatherV2: (w) => {
    if (w.attributes['batchDims'] !== 0) throw w.unsupported();
    const inputs = [w.input(0, 'plain'), w.input(1, 'plain')];
    w.output(w.op('Gather', inputs, { axis: w.attributes['axis'] as number }), 'plain');
  },

  PadV2: (w) => {
    const paddings = w.attributes['paddings'] as unknown as Pair[];
    const { layout, order } = laidOut(w);
    const ends = [0, 1].flatMap((end) => order.map((axis) => paddings[axis]![end]!));
    const value = w.scalar(w.attributes['constantValue'] as number, w.inputValues[0]!.dtype);
    w.output(w.op('Pad', [w.input(0, layout), w.ints(ends), value]), layout);
  },
  MirrorPad: (w) => {
    if (w.attributes['mode'] !== 'reflect') throw w.unsupported();
    const paddings = w.attributes['paddings'] as unknown as Pair[];
    const { layout, order } = laidOut(w);
    const ends = [0, 1].flatMap((end) => order.map((axis) => paddings[axis]![end]!));
    w.output(w.op('Pad', [w.input(0, layout), w.ints(ends)], { mode: 'reflect' }), layout);
  },
  Slice: (w) => {
    const { begin, size } = w.attributes as { begin: number[]; size: number[] };
    const { layout, order } = laidOut(w);
    // To the end of the axis, whatever its size, where that is what the size says.
    const end = (axis: number): number =>
      begin[axis]! + size[axis]! === w.inputValues[0]!.shape[axis] ? 2 ** 31 - 1 : begin[axis]! + size[axis]!;
    const inputs = [w.input(0, layout), w.ints(order.map((axis) => begin[axis]!)), w.ints(order.map(end))];
    w.output(w.op('Slice', inputs), layout);
  },
  Concat: (w) => {
    const axis = w.attributes['axis'] as number;
    const { layout } = laidOut(w);
    const inputs = w.inputValues.map((_, index) => w.input(index, layout));
    w.output(w.op('Concat', inputs, { axis: layout === 'image' ? IMAGE_AXES[axis]! : axis }), layout);
  },
  SplitV: (w) => {
    const { axis, numOrSizeSplits } = w.attributes as { axis: number; numOrSizeSplits: number[] };
    const { layout } = laidOut(w);
    const attributes = { axis: layout === 'image' ? IMAGE_AXES[axis]! : axis };
    w.ops('Split', [w.input(0, layout), w.ints(numOrSizeSplits)], numOrSizeSplits.length, attributes).forEach(
      (name, index) => {
        w.output(name, layout, index);
      },
    );
  },
};

function matMul(w: OnnxNodeWriter): string {
  const [a, b] = ['transposeA', 'transposeB'].map((flag, index) => {
    const name = w.input(index, 'plain');
    const rank = w.inputValues[index]!.shape.length;
    const perm = Array.from({ length: rank }, (_, axis) => axis);
    return w.attributes[flag] ? w.op('Transpose', [name], { perm: [...perm.slice(0, -2), rank - 1, rank - 2] }) : name;
  });
  return w.op('MatMul', [a!, b!]);
}

/** A reduction over height and width, as pooling; false where it is another. */
function overPicture(w: OnnxNodeWriter, op: string): boolean {
  const { axis, keepDims } = w.attributes;
  if (w.inputValues[0]!.shape.length !== 4 || String(axis) !== '1,2') return false;
  const pooled = w.op(op, [w.input(0, 'image')]);
  if (keepDims) w.output(pooled, 'image');
  else w.output(w.op('Flatten', [pooled], { axis: 1 }), 'plain');
  return true;
}

function reduce(w: OnnxNodeWriter, op: string): void {
  const { axis, keepDims } = w.attributes;
  w.output(w.op(op, [w.input(0, 'plain')], { axes: axis as number[], keepdims: Number(keepDims) }), 'plain');
}

function argument(op: string): OnnxOperation {
  return (w) => {
    const found = w.op(op, [w.input(0, 'plain')], { axis: w.attributes['axis'] as number, keepdims: 0 });
    w.output(w.op('Cast', [found], { to: DATA_TYPE.int32 }), 'plain');
  };
}

/** The layout that the input is in already, and the graph's axes in its order. */
function laidOut(w: OnnxNodeWriter): { layout: 'image' | 'plain'; order: readonly number[] } {
  if (w.prefersImage()) return { layout: 'image', order: [0, 3, 1, 2] };
  return { layout: 'plain', order: w.inputValues[0]!.shape.map((_, axis) => axis) };
}

/** The leading axis is whatever is left, where the open batch may be a factor of it. */
function reshapeTo(w: OnnxNodeWriter): number[] {
  const from = w.inputValues[0]!.shape;
  const to = w.outputs[0]!.shape;
  if (w.mayHoldBatch(from) && w.mayHoldBatch(to)) return [-1, ...to.slice(1)];
  if (w.isOpen(from)) throw w.unsupported();
  return [...to];
}
