import { type Convolution, convolutionBuffers, epilogue, outPixels, reachesOutside } from './convolution.ts';
import { repeat, type Shader } from './shader.ts';

export interface DirectBlocking {
  /** Pixels that a thread computes. */
  readonly rows: number;
  /** Vectors of output channels that it computes for each; divides those of a group. */
  readonly columns: number;
  /** Threads of a workgroup along columns and rows. */
  readonly workgroup: readonly [number, number];
}

/**
 * A direct convolution in registers: each thread keeps `rows` × `columns` sums while all taps and channels pass by.
 *
 * No workgroup memory and no barriers. Pixels beyond the last are computed as the last, and not written.
 */
export function directConvolution(convolution: Convolution, { rows, columns, workgroup }: DirectBlocking): Shader {
  const { outVectors, groups, inVectors } = convolution;
  const pixels = outPixels(convolution);
  const [threadsX, threadsY] = workgroup;
  const group = groups > 1 ? `let groupBase = column / ${outVectors / groups}u * ${inVectors}u;` : '';
  const body = `@compute @workgroup_size(${threadsX}, ${threadsY})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x * ${columns}u;
  let row = id.y * ${rows}u;
  if (column >= ${outVectors}u || row >= ${pixels}u) { return; }
  ${group}
  ${repeat(rows, (r) => repeat(columns, (c) => `var sum${r}_${c} = vec4f();`, ' '))}
  ${repeat(rows, (r) => windowStart(convolution, rows, r))}
  var w = column;
  ${taps(convolution, rows, columns)}
  ${repeat(rows, (r) => written(convolution, rows, columns, r))}
}`;
  return {
    buffers: convolutionBuffers(convolution),
    body,
    workgroups: [Math.ceil(outVectors / columns / threadsX), Math.ceil(pixels / rows / threadsY), 1],
  };
}

/** Writes a thread's r-th pixel, if there is one. */
function written(convolution: Convolution, rows: number, columns: number, r: number): string {
  const vectors = repeat(columns, (c) => epilogue(convolution, `row + ${r}u`, `(column + ${c}u)`, `sum${r}_${c}`), ' ');
  const pixels = outPixels(convolution);
  return pixels % rows === 0 ? vectors : `if (row + ${r}u < ${pixels}u) {${vectors}}`;
}

/** A thread's r-th pixel, and where its window begins. */
function windowStart(convolution: Convolution, rows: number, r: number): string {
  const { batch, outHeight, outWidth, strides, padBefore } = convolution;
  const pixels = outPixels(convolution);
  const pixel = `let pixel${r} = ${pixels % rows === 0 ? `row + ${r}u` : `min(row + ${r}u, ${pixels - 1}u)`};`;
  if (isPointwise(convolution)) return pixel;
  return `${pixel}
  let top${r} = i32(pixel${r} / ${outWidth}u${batch > 1 ? ` % ${outHeight}u` : ''}) * ${strides[0]} - ${padBefore[0]};
  let left${r} = i32(pixel${r} % ${outWidth}u) * ${strides[1]} - ${padBefore[1]};${
    batch > 1 ? `\n  let image${r} = pixel${r} / ${outHeight * outWidth}u;` : ''
  }`;
}

function taps(convolution: Convolution, rows: number, columns: number): string {
  const { kernel, dilations, batch, height, width, narrowChannels, inVectors, groups } = convolution;
  const pitch = narrowChannels || inVectors * groups;
  const groupBase = groups > 1 ? ' + groupBase' : '';
  if (isPointwise(convolution)) {
    return `${repeat(rows, (r) => `let at${r} = pixel${r} * ${pitch}u${groupBase};`)}
  ${channels(convolution, rows, columns, false)}`;
  }
  const isMasked = reachesOutside(convolution);
  const image = (r: number): string => (batch > 1 ? `image${r} * ${height * width}u + ` : '');
  // Masks and clamped addresses: branches over unrolled rows take SwiftShader seconds to compile.
  const at = (r: number): string => `
      let py${r} = top${r} + i; let px${r} = left${r} + j;
      ${isMasked ? `let in${r} = (u32(py${r}) < ${height}u) & (u32(px${r}) < ${width}u);` : ''}
      let at${r} = (${image(r)}${isMasked ? `min(u32(py${r} * ${width} + px${r}), ${height * width - 1}u)` : `u32(py${r} * ${width} + px${r})`}) * ${pitch}u${groupBase};`;
  return `for (var i = 0; i < ${kernel[0] * dilations[0]}; i += ${dilations[0]}) {
    for (var j = 0; j < ${kernel[1] * dilations[1]}; j += ${dilations[1]}) {
      ${repeat(rows, at, '')}
      ${channels(convolution, rows, columns, isMasked)}
    }
  }`;
}

/** All channels of one tap. */
function channels(convolution: Convolution, rows: number, columns: number, isMasked: boolean): string {
  const { narrowChannels, inVectors, outVectors } = convolution;
  const products = (value: (r: number) => string): string => `{
        ${repeat(columns, (c) => `let w${c} = weights_unpack(weights[w + ${c}u]);`, ' ')}
        ${repeat(rows, (r) => repeat(columns, (c) => `sum${r}_${c} = fma(w${c}, vec4f(${value(r)}), sum${r}_${c});`, ' '))}
        w += ${outVectors}u;
      }`;
  const masked = (r: number, value: string, zero: string): string =>
    isMasked ? `select(${zero}, ${value}, in${r})` : value;
  if (narrowChannels > 0) {
    return repeat(narrowChannels, (channel) => products((r) => masked(r, `x_number(at${r} + ${channel}u)`, '0.0')));
  }
  return `for (var v = 0u; v < ${inVectors}u; v++) {
      ${repeat(rows, (r) => `let x${r} = ${masked(r, `x_unpack(x[at${r} + v])`, 'vec4f()')};`)}
      ${repeat(4, (lane) => products((r) => `x${r}[${lane}]`))}
      }`;
}

/** Whether each output pixel reads the one input pixel at its place. */
function isPointwise({ kernel, strides, padBefore, height, width, outHeight, outWidth }: Convolution): boolean {
  const isOne = [...kernel, ...strides].every((size) => size === 1) && padBefore.every((px) => px === 0);
  return isOne && height === outHeight && width === outWidth;
}
