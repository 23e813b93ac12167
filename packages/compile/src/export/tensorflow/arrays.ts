import type { NodeAttribute } from './graph-writer.ts';
import type { NodeWriter } from './node-writer.ts';
import type { Operation, OperationTable } from './operation.ts';
import { activate } from './windows.ts';

const INT32 = { type: 'int32' } as const;

const reduction =
  (op: string): Operation =>
  (w) => {
    const { axis, keepDims } = w.attributes;
    const isLogical = op === 'All' || op === 'Any';
    return w.op(op, [w.inputs[0]!, w.ints(axis as readonly number[])], {
      ...(isLogical ? {} : { T: w.type(w.outputs[0]!) }),
      Tidx: INT32,
      keep_dims: keepDims as boolean,
    });
  };

const argument =
  (op: string): Operation =>
  (w) =>
    w.op(op, [w.inputs[0]!, w.int(w.attributes['axis'] as number)], {
      T: w.type(w.inputValues[0]!),
      Tidx: INT32,
      output_type: INT32,
    });

const resize =
  (op: string): Operation =>
  (w) => {
    const { size, alignCorners, halfPixelCenters } = w.attributes;
    return w.op(op, [w.inputs[0]!, w.ints(size as readonly number[])], {
      T: w.type(w.inputValues[0]!),
      align_corners: alignCorners as boolean,
      half_pixel_centers: halfPixelCenters as boolean,
    });
  };

/** Reductions, matrix products, and what moves, cuts, repeats or makes elements. */
export const arrayOperations: OperationTable = {
  All: reduction('All'),
  Any: reduction('Any'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Max: reduction('Max'),
  Min: reduction('Min'),
  Prod: reduction('Prod'),
  Sum: reduction('Sum'),
  Mean: reduction('Mean'),
  Cumsum: (w) =>
    w.op('Cumsum', [w.inputs[0]!, w.int(w.attributes['axis'] as number)], {
      T: w.type(w.outputs[0]!),
      Tidx: INT32,
      exclusive: w.attributes['exclusive'] as boolean,
      reverse: w.attributes['reverse'] as boolean,
    }),
  Softmax: (w) => overLastAxis(w, 'Softmax', 'dim'),
  LogSoftmax: (w) => overLastAxis(w, 'LogSoftmax', 'axis'),
  TopK: (w) => {
    const { k, sorted } = w.attributes;
    const name = w.op('TopKV2', [w.inputs[0]!, w.int(k as number)], {
      T: w.type(w.outputs[0]!),
      sorted: sorted as boolean,
    });
    return [name, `${name}:1`];
  },

  BatchMatMul: (w) => product(w),
  FusedMatMul: (w) => {
    const T = w.type(w.outputs[0]!);
    const y = product(w);
    const biased = w.attributes['hasBias'] ? w.op('AddV2', [y, w.inputs[2]!], { T }) : y;
    return activate(w, biased, w.attributes['activation'] as string);
  },

  Reshape: (w) => reshaped(w, w.reshaped(w.outputs[0]!.shape)),
  ExpandDims: (w) => reshaped(w, w.reshaped(w.outputs[0]!.shape)),
  Transpose: withInts('Transpose', 'perm', 'Tperm'),
  Reverse: withInts('ReverseV2', 'dims', 'Tidx'),
  Tile: withInts('Tile', 'reps', 'Tmultiples'),
  Slice: (w) => {
    const { begin, size } = w.attributes as { begin: readonly number[]; size: readonly number[] };
    return w.op('Slice', [w.inputs[0]!, w.ints(begin), w.ints(w.shape(size))], {
      T: w.type(w.outputs[0]!),
      Index: INT32,
    });
  },
  StridedSlice: (w) => {
    const lists = ['begin', 'end', 'strides'].map((name) => w.attributes[name] as readonly number[]);
    const batch = w.inputValues[0]!.shape[0]!;
    const [begin, end, stride] = lists.map((list) => list[0]);
    const isOpen = w.isOpen(w.inputValues[0]!.shape);
    if (isOpen && !(begin === 0 && end! >= batch && stride === 1)) throw w.unsupported();
    const mask = (name: string) => ({ int: (w.attributes[name] ?? 0) as number });
    const inputs = [w.inputs[0]!, ...lists.map((list) => w.ints(list))];
    return w.op('StridedSlice', inputs, {
      T: w.type(w.outputs[0]!),
      Index: INT32,
      begin_mask: mask('beginMask'),
      end_mask: { int: mask('endMask').int | Number(isOpen) },
      ellipsis_mask: mask('ellipsisMask'),
      new_axis_mask: mask('newAxisMask'),
      shrink_axis_mask: mask('shrinkAxisMask'),
    });
  },
  PadV2: (w) => {
    const { paddings, constantValue } = w.attributes;
    const around = w.ints(paddings as readonly (readonly number[])[]);
    const value = w.scalar(constantValue as number, w.outputs[0]!.dtype);
    return w.op('PadV2', [w.inputs[0]!, around, value], { T: w.type(w.outputs[0]!), Tpaddings: INT32 });
  },
  MirrorPad: (w) => {
    const { paddings, mode } = w.attributes;
    return w.op('MirrorPad', [w.inputs[0]!, w.ints(paddings as readonly (readonly number[])[])], {
      T: w.type(w.outputs[0]!),
      Tpaddings: INT32,
      mode: (mode as string).toUpperCase(),
    });
  },
  Concat: (w) =>
    w.op('ConcatV2', [...w.inputs, w.int(w.attributes['axis'] as number)], {
      T: w.type(w.outputs[0]!),
      N: { int: w.inputs.length },
      Tidx: INT32,
    }),
  SplitV: (w) => {
    const { numOrSizeSplits, axis } = w.attributes;
    const sizes = numOrSizeSplits as readonly number[];
    if (axis === 0) w.fixedShape(w.inputValues[0]!.shape);
    const name = w.op('SplitV', [w.inputs[0]!, w.ints(sizes), w.int(axis as number)], {
      T: w.type(w.outputs[0]!),
      Tlen: INT32,
      num_split: { int: sizes.length },
    });
    return outputsOf(name, sizes.length);
  },
  Pack: (w) => w.op('Pack', w.inputs, { T: w.type(w.outputs[0]!), N: { int: w.inputs.length }, ...axisOf(w) }),
  Unpack: (w) => {
    const count = w.outputs.length;
    if (w.attributes['axis'] === 0) w.fixedShape(w.inputValues[0]!.shape);
    const attributes = { T: w.type(w.inputValues[0]!), num: { int: count }, ...axisOf(w) };
    return outputsOf(w.op('Unpack', w.inputs, attributes), count);
  },
  GatherV2: (w) =>
    w.op('GatherV2', [...w.inputs, w.int(w.attributes['axis'] as number)], {
      Tparams: w.type(w.outputs[0]!),
      Tindices: w.type(w.inputValues[1]!),
      Taxis: INT32,
      batch_dims: { int: w.attributes['batchDims'] as number },
    }),
  OneHot: (w) => {
    const { depth, onValue, offValue, dtype } = w.attributes as Record<string, number> & { dtype: 'float32' };
    const inputs = [w.inputs[0]!, w.int(depth!), w.scalar(onValue!, dtype), w.scalar(offValue!, dtype)];
    return w.op('OneHot', inputs, { T: w.type({ dtype }), TI: w.type(w.inputValues[0]!), axis: { int: -1 } });
  },
  Fill: (w) => {
    const { shape, value, dtype } = w.attributes as { shape: readonly number[]; value: number; dtype: 'float32' };
    return w.op('Fill', [w.ints(w.fixedShape(shape)), w.scalar(value, dtype)], {
      T: w.type({ dtype }),
      index_type: INT32,
    });
  },
  BatchToSpaceND: (w) => blocks(w, 'BatchToSpaceND', 'crops'),
  SpaceToBatchND: (w) => blocks(w, 'SpaceToBatchND', 'paddings'),
  ResizeBilinear: resize('ResizeBilinear'),
  ResizeNearestNeighbor: resize('ResizeNearestNeighbor'),
};

/** TensorFlow's softmaxes know no other axis. */
function overLastAxis(w: NodeWriter, op: string, attribute: string): string {
  if (w.attributes[attribute] !== w.outputs[0]!.shape.length - 1) throw w.unsupported();
  return w.op(op, w.inputs, { T: w.type(w.outputs[0]!) });
}

function product(w: NodeWriter): string {
  const { transposeA, transposeB } = w.attributes as Record<string, boolean>;
  const T = w.type(w.outputs[0]!);
  const inputs = w.inputs.slice(0, 2);
  return w.inputValues.slice(0, 2).every(({ shape }) => shape.length === 2)
    ? w.op('MatMul', inputs, { T, transpose_a: transposeA!, transpose_b: transposeB! })
    : w.op('BatchMatMulV2', inputs, { T, adj_x: transposeA!, adj_y: transposeB! });
}

function reshaped(w: NodeWriter, shape: readonly number[]): string {
  return w.op('Reshape', [w.inputs[0]!, w.ints(shape)], { T: w.type(w.outputs[0]!), Tshape: INT32 });
}

/** An operation with one list of numbers, which TensorFlow takes as a second input. */
function withInts(op: string, attribute: string, typeName: string): Operation {
  return (w) =>
    w.op(op, [w.inputs[0]!, w.ints(w.attributes[attribute] as readonly number[])], {
      T: w.type(w.outputs[0]!),
      [typeName]: INT32,
    });
}

function blocks(w: NodeWriter, op: string, edges: 'crops' | 'paddings'): string {
  const lists = [w.attributes['blockShape'], w.attributes[edges]] as readonly (readonly number[])[];
  return w.op(op, [w.inputs[0]!, ...lists.map((list) => w.ints(list))], {
    T: w.type(w.outputs[0]!),
    Tblock_shape: INT32,
    [edges === 'crops' ? 'Tcrops' : 'Tpaddings']: INT32,
  });
}

function axisOf(w: NodeWriter): { axis: NodeAttribute } {
  return { axis: { int: w.attributes['axis'] as number } };
}

function outputsOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}:${index}`));
}
