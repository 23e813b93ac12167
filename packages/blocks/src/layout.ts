import type { HostData, HostTensor } from './state-dict.ts';

/** How a variable's axes are ordered here and in PyTorch: convolutions HWIO ↔ OIHW, WIO ↔ OIW, linear `[in, out]` ↔ `[out, in]`; a matrix has one order. */
export type Layout = 'conv' | 'conv1d' | 'linear' | 'matrix' | 'vector';

/** PyTorch's axis for each of ours. */
const torchAxes: Record<Layout, readonly number[]> = {
  conv: [2, 3, 1, 0],
  conv1d: [2, 1, 0],
  linear: [1, 0],
  matrix: [0, 1],
  vector: [0],
};

/** The shape PyTorch gives to a variable whose shape here is `shape`. */
export function torchShape(layout: Layout, shape: readonly number[]): number[] {
  const axes = torchAxes[layout];
  return axes.map((_, axis) => shape[axes.indexOf(axis)]!);
}

/** Values of a PyTorch tensor in the order of tfjs's layout. A vector is not copied. */
export function fromTorch(layout: Layout, tensor: HostTensor): Float32Array {
  return permute(toFloats(tensor.data), tensor.shape, torchAxes[layout]);
}

/** Numbers of a tensor in tfjs's layout, in another order: `data` holds the axes of `shape` in the order `axes`. */
export interface TorchView {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly axes: readonly number[];
}

/** A PyTorch tensor as tfjs's layout has it, with its numbers left where they are; what is not float32 is copied. */
export function viewTorch(layout: Layout, tensor: HostTensor): TorchView {
  const torchAxis = torchAxes[layout];
  return {
    shape: torchAxis.map((axis) => tensor.shape[axis]!),
    data: toFloats(tensor.data),
    axes: torchAxis.map((_, axis) => torchAxis.indexOf(axis)),
  };
}

/** A PyTorch tensor of values in tfjs's layout. A vector is not copied. */
export function toTorch(layout: Layout, shape: readonly number[], data: Float32Array): HostTensor {
  const axes = torchAxes[layout];
  const inverse = axes.map((_, axis) => axes.indexOf(axis));
  return { shape: torchShape(layout, shape), data: permute(data, shape, inverse) };
}

function toFloats(data: HostData): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data, Number);
}

function permute(data: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  if (axes.length < 2) return data;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const [d0, d1, d2, d3] = [...axes.map((axis) => shape[axis]!), 1, 1] as [number, number, number, number];
  const [s0, s1, s2, s3] = [...axes.map((axis) => strides[axis]!), 0, 0] as [number, number, number, number];
  const out = new Float32Array(data.length);
  let next = 0;
  for (let i = 0; i < d0; i++)
    for (let j = 0; j < d1; j++)
      for (let k = 0; k < d2; k++) for (let l = 0; l < d3; l++) out[next++] = data[i * s0 + j * s1 + k * s2 + l * s3]!;
  return out;
}
