import { backend_util, util } from '@tensorflow/tfjs-core';
import type { Attributes } from '../graph.ts';
import { insertAxis } from '../rules/axes.ts';
import { gather } from './gather.ts';

/** An array in host memory while weights are folded: float64, so that what is stored is rounded once. */
export interface HostArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Makes the array of a result: of float32 where it is stored, of float64 where more is computed of it. */
export type MakeArray = (count: number) => Float32Array | Float64Array;

export type HostKernel = (inputs: readonly HostArray[], attributes: Attributes, make: MakeArray) => HostArray;

/** The operations that `bind` evaluates on weights; a node of another kind stays in the graph. */
export function hostKernels(): ReadonlyMap<string, HostKernel> {
  return new Map<string, HostKernel>([
    ['Abs', unary(Math.abs)],
    ['Exp', unary(Math.exp)],
    ['Identity', ([x]) => x!],
    ['Log', unary(Math.log)],
    ['Neg', unary((x) => -x)],
    ['Reciprocal', unary((x) => 1 / x)],
    ['Relu', unary((x) => Math.max(x, 0))],
    ['Rsqrt', unary((x) => 1 / Math.sqrt(x))],
    ['Sqrt', unary(Math.sqrt)],
    ['Square', unary((x) => x * x)],
    ['Add', binary((a, b) => a + b)],
    ['Maximum', binary(Math.max)],
    ['Minimum', binary(Math.min)],
    ['Multiply', multiply],
    ['RealDiv', binary((a, b) => a / b)],
    ['Sub', binary((a, b) => a - b)],
    ['Reshape', ([x], { shape }) => ({ data: x!.data, shape: shape as number[] })],
    ['ExpandDims', ([x], { dim }) => ({ data: x!.data, shape: insertAxis(x!.shape, dim as number, 1) })],
    ['Mean', ([x], { axis, keepDims }) => reduce(x!, axis as number[], keepDims === true, true)],
    ['Sum', ([x], { axis, keepDims }) => reduce(x!, axis as number[], keepDims === true, false)],
    ['Transpose', transpose],
    ['Slice', slice],
    ['Concat', concat],
    ['Tile', tile],
    ['Fill', (_inputs, { shape, value }, make) => filled(shape as number[], value as number, make)],
  ]);
}

function unary(f: (x: number) => number): HostKernel {
  return ([x]) => {
    const { shape, data: from } = x!;
    const data = new Float64Array(from.length);
    for (let index = 0; index < data.length; index++) data[index] = f(from[index]!);
    return { shape, data };
  };
}

function binary(f: (a: number, b: number) => number): HostKernel {
  return ([a, b], _attributes, make) => {
    const shape = backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]);
    const data = make(util.sizeFromShape(shape));
    if (data.length === a!.data.length && isVector(b!, shape)) {
      const [from, vector] = [a!.data, b!.data];
      for (let row = 0; row < data.length; row += vector.length) {
        for (let index = 0; index < vector.length; index++) data[row + index] = f(from[row + index]!, vector[index]!);
      }
      return { shape, data };
    }
    if (data.length === a!.data.length && b!.data.length === 1) {
      const [from, number] = [a!.data, b!.data[0]!];
      for (let index = 0; index < data.length; index++) data[index] = f(from[index]!, number);
      return { shape, data };
    }
    const readA = reader(a!, shape);
    const readB = reader(b!, shape);
    for (let index = 0; index < data.length; index++) data[index] = f(readA(index), readB(index));
    return { shape, data };
  };
}

const product: HostKernel = /* @__PURE__ */ binary((a, b) => a * b);

/** A filter times a factor for each of its output channels has a loop of its own: it is nearly all that `bind` does. */
function multiply(inputs: readonly HostArray[], attributes: Attributes, make: MakeArray): HostArray {
  const [filter, factor] = inputs as [HostArray, HostArray];
  const count = factor.data.length;
  if (factor.shape.length !== 1 || filter.shape.at(-1) !== count || filter.shape.length < 2) {
    return product(inputs, attributes, make);
  }
  const { data } = filter;
  const factors = new Float64Array(factor.data);
  const scaled = make(data.length);
  for (let row = 0; row < data.length; row += count) {
    for (let channel = 0; channel < count; channel++) scaled[row + channel] = data[row + channel]! * factors[channel]!;
  }
  return { shape: filter.shape, data: scaled };
}

/** Reads an array as if it had been broadcast to `shape`. */
function reader({ shape: own, data }: HostArray, shape: readonly number[]): (index: number) => number {
  if (data.length === 1) return () => data[0]!;
  if (String(own) === String(shape)) return (index) => data[index]!;
  if (isVector({ shape: own, data }, shape)) return (index) => data[index % data.length]!;
  const strides = util.computeStrides([...own, 1]);
  const steps = shape.map((_, axis) => {
    const ownAxis = axis - shape.length + own.length;
    return ownAxis < 0 || own[ownAxis] === 1 ? 0 : strides[ownAxis]!;
  });
  return (index) => data[offsetOf(index, shape, steps)]!;
}

/** Whether an array has a number for each place of the last axis of `shape`, and no more. */
function isVector({ shape: own, data }: HostArray, shape: readonly number[]): boolean {
  return data.length === shape.at(-1) && own.at(-1) === data.length;
}

/** Where the element number `index` of `shape` lies when each axis steps by `steps`. */
function offsetOf(index: number, shape: readonly number[], steps: readonly number[]): number {
  let rest = index;
  let offset = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    offset += (rest % shape[axis]!) * steps[axis]!;
    rest = Math.floor(rest / shape[axis]!);
  }
  return offset;
}

function reduce(x: HostArray, axes: readonly number[], keepDims: boolean, isMean: boolean): HostArray {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const data = new Float64Array(util.sizeFromShape(kept));
  if (data.length === x.shape.at(-1) && !axes.includes(x.shape.length - 1)) {
    const from = x.data;
    for (let row = 0; row < from.length; row += data.length) {
      for (let index = 0; index < data.length; index++) data[index]! += from[row + index]!;
    }
  } else {
    const strides = util.computeStrides([...kept, 1]);
    const steps = kept.map((size, axis) => (size === 1 ? 0 : strides[axis]!));
    for (let index = 0; index < x.data.length; index++) {
      const target = offsetOf(index, x.shape, steps);
      data[target] = data[target]! + x.data[index]!;
    }
  }
  const count = x.data.length / data.length;
  return {
    shape: keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis)),
    data: isMean ? data.map((sum) => sum / count) : data,
  };
}

function transpose([x]: readonly HostArray[], { perm }: Attributes): HostArray {
  const axes = perm as number[];
  const strides = util.computeStrides([...x!.shape, 1]);
  const shape = axes.map((axis) => x!.shape[axis]!);
  return taken(
    x!,
    shape,
    axes.map((axis) => strides[axis]!),
    0,
  );
}

function slice([x]: readonly HostArray[], { begin, size }: Attributes): HostArray {
  const strides = util.computeStrides([...x!.shape, 1]);
  const offset = (begin as number[]).reduce((sum, from, axis) => sum + from * strides[axis]!, 0);
  return taken(x!, size as number[], strides, offset);
}

function taken(x: HostArray, shape: readonly number[], steps: readonly number[], offset: number): HostArray {
  const data = new Float64Array(util.sizeFromShape([...shape]));
  gather(data, x.data, shape, steps, offset);
  return { shape, data };
}

function tile([x]: readonly HostArray[], { reps }: Attributes): HostArray {
  const { shape: own, data } = x!;
  const strides = util.computeStrides([...own, 1]);
  const shape = own.map((size, axis) => size * (reps as number[])[axis]!);
  const tiled = new Float64Array(util.sizeFromShape(shape));
  const coordinates = own.map(() => 0);
  for (let index = 0; index < tiled.length; index++) {
    tiled[index] = data[coordinates.reduce((sum, at, axis) => sum + (at % own[axis]!) * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      coordinates[axis] = (coordinates[axis]! + 1) % shape[axis]!;
      if (coordinates[axis] !== 0) break;
    }
  }
  return { shape, data: tiled };
}

function filled(shape: readonly number[], value: number, make: MakeArray): HostArray {
  return { shape, data: make(util.sizeFromShape([...shape])).fill(value) };
}

function concat(inputs: readonly HostArray[], { axis }: Attributes): HostArray {
  const along = axis as number;
  const first = inputs[0]!.shape;
  const shape = first.map((size, index) =>
    index === along ? inputs.reduce((sum, x) => sum + x.shape[along]!, 0) : size,
  );
  const rows = util.sizeFromShape(first.slice(0, along));
  const parts: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (const { data } of inputs) {
      const length = data.length / rows;
      for (let index = 0; index < length; index++) parts.push(data[row * length + index]!);
    }
  }
  return { shape, data: Float64Array.from(parts) };
}
