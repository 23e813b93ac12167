import { type Convolution, convolutionBuffers, depth, kindOf, outPixels, type Residual } from './convolution.ts';
import { repeat, type Shader } from './shader.ts';

export interface DirectBlocking {
  /** Pixels that a thread computes. */
  readonly rows: number;
  /** Vectors of output channels that it computes for each; divides those of a group. */
  readonly columns: number;
}

/** Of a workgroup: one or more whole subgroups on every GPU, and a few rows of a small layer. */
export const DIRECT_THREADS = 64;

/**
 * A direct convolution in registers: each thread keeps `rows` × `columns` sums while all taps and channels pass by.
 *
 * No workgroup memory and no barriers. Pixels beyond the last are computed as the last, and not written. All that tells
 * layers apart is in uniforms, so that layers of one blocking share a pipeline: compiling is most of the time to the
 * first answer where drivers compile on the CPU. For the same reason what is done once a thread is in loops.
 */
export function directConvolution(convolution: Convolution, { rows, columns }: DirectBlocking): Shader {
  const { residual, narrowChannels } = convolution;
  // A tenth faster without where it can be.
  const isMasked = kindOf(convolution) !== 'pointwise';
  const channels = narrowChannels > 0 ? numbersOfTap(rows, columns, isMasked) : vectorsOfTap(rows, columns, isMasked);
  const body = `@compute @workgroup_size(${DIRECT_THREADS})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = (workgroup.x * shape.threadsX + thread % shape.threadsX) * ${columns}u;
  var row = (workgroup.y * (${DIRECT_THREADS}u / shape.threadsX) + thread / shape.threadsX) * ${rows}u;
  if (column >= shape.outVectors || row >= shape.pixels) { return; }
  let next = shape.outVectors;
  let depth = shape.groupInVectors;
  let groupBase = column / shape.groupOutVectors * shape.groupInVectors;
  var w = shape.bias + column;
  ${repeat(columns, (c) => `var sum0_${c} = weights_unpack(weights[w + ${c}u]);`)}
  ${repeat(rows - 1, (r) => repeat(columns, (c) => `var sum${r + 1}_${c} = sum0_${c};`, ' '))}
  ${repeat(rows, windowStart)}
  w = column;
  for (var i = 0u; i < shape.kernelHeight; i += 1u) {
    for (var j = 0u; j < shape.kernelWidth; j += 1u) {
      ${repeat(rows, (r) => tapOf(r, isMasked))}
      ${channels}
    }
  }
  for (var r = 0u; r < ${rows}u; r++) {
    if (row >= shape.pixels) { return; }
    var at = row * shape.outVectors + column;
    ${repeat(columns, (c) => `{ ${written(residual, `sum0_${c}`)} at += 1u; }`)}
    ${repeat(rows - 1, (r) => repeat(columns, (c) => `sum${r}_${c} = sum${r + 1}_${c};`, ' '))}
    row += 1u;
  }
}`;
  return {
    buffers: convolutionBuffers(convolution),
    uniforms: uniformsOf(convolution, columns),
    body,
    workgroups: workgroupsOf(convolution, rows, columns),
  };
}

/** Where the window of a thread's r-th pixel begins; that of one beyond the last is anywhere. */
function windowStart(r: number): string {
  const place =
    r === 0
      ? `let outX0 = row % shape.outWidth; let down0 = row / shape.outWidth;
  let outY0 = down0 % shape.outHeight; let image0 = down0 / shape.outHeight;`
      : `let isNext${r} = outX${r - 1} + 1u == shape.outWidth; let outX${r} = select(outX${r - 1} + 1u, 0u, isNext${r});
  let down${r} = outY${r - 1} + u32(isNext${r}); let isLast${r} = down${r} == shape.outHeight;
  let outY${r} = select(down${r}, 0u, isLast${r}); let image${r} = image${r - 1} + u32(isLast${r});`;
  return `${place}
  let top${r} = outY${r} * shape.strideY - shape.padTop; let left${r} = outX${r} * shape.strideX - shape.padLeft;
  let begin${r} = (image${r} * shape.height + top${r}) * shape.width + left${r};`;
}

/** Where the r-th pixel's tap lies, and whether in the image: numbers wrap, and what is read outside is not taken. */
function tapOf(r: number, isMasked: boolean): string {
  const inside = `let in${r} = (top${r} + i * shape.dilationY < shape.height) & (left${r} + j * shape.dilationX < shape.width);`;
  return `${isMasked ? inside : ''}
      let at${r} = (begin${r} + i * shape.dilationY * shape.width + j * shape.dilationX) * shape.pitch + groupBase;`;
}

/** All channels of one tap, a vector at a time. */
function vectorsOfTap(rows: number, columns: number, isMasked: boolean): string {
  const read = (r: number): string => masked(`x_unpack(x[at${r} + v])`, r, isMasked);
  return `for (var v = 0u; v < depth; v++) {
        ${repeat(rows, (r) => `let x${r} = ${read(r)};`)}
        ${repeat(4, (lane) => products(rows, columns, (r) => `x${r}[${lane}]`))}
      }`;
}

/** All channels of one tap of an image without padding. */
function numbersOfTap(rows: number, columns: number, isMasked: boolean): string {
  const read = (r: number): string => masked(`vec4f(x_number(at${r} + channel))`, r, isMasked);
  return `for (var channel = 0u; channel < shape.pitch; channel++) {
        ${products(rows, columns, read)}
      }`;
}

function masked(read: string, r: number, isMasked: boolean): string {
  return isMasked ? `select(vec4f(), ${read}, in${r})` : read;
}

function products(rows: number, columns: number, value: (r: number) => string): string {
  return `{
        ${repeat(columns, (c) => `let w${c} = weights_unpack(weights[w + ${c}u]);`, ' ')}
        ${repeat(rows, (r) => `{ let value = vec4f(${value(r)}); ${repeat(columns, (c) => `sum${r}_${c} = fma(w${c}, value, sum${r}_${c});`, ' ')} }`)}
        w += next;
      }`;
}

/** Adds the residual, applies the activation, and writes. */
function written(residual: Residual, sum: string): string {
  const added =
    residual === 'own buffer'
      ? 'value += residual_unpack(residual[at]);'
      : 'if (shape.isAdded != 0u) { value += y_unpack(y[at]); }';
  return `var value = ${sum};
      ${added}
      if (shape.activation > 0u) { value = max(value, vec4f()); }
      if (shape.activation > 1u) { value = min(value, vec4f(6)); }
      y[at] = y_pack(value);`;
}

const ACTIVATIONS = ['linear', 'relu', 'relu6'] as const;

function uniformsOf(convolution: Convolution, columns: number): Readonly<Record<string, number>> {
  const { height, width, outHeight, outWidth, inVectors, outVectors, groups, narrowChannels } = convolution;
  const { kernel, strides, dilations, padBefore, residual, activation } = convolution;
  return {
    height,
    width,
    outHeight,
    outWidth,
    pixels: outPixels(convolution),
    outVectors,
    groupOutVectors: outVectors / groups,
    groupInVectors: inVectors,
    /** Numbers, or vectors, from a pixel to the next. */
    pitch: narrowChannels || inVectors * groups,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideY: strides[0],
    strideX: strides[1],
    dilationY: dilations[0],
    dilationX: dilations[1],
    padTop: padBefore[0],
    padLeft: padBefore[1],
    bias: depth(convolution) * outVectors,
    threadsX: threadsAcross(convolution, columns),
    isAdded: Number(residual === 'in place'),
    activation: ACTIVATIONS.indexOf(activation),
  };
}

/** Of a workgroup: as many along the columns as there are, up to eight. */
function threadsAcross({ outVectors }: Convolution, columns: number): number {
  return [8, 4, 2, 1].find((across) => across <= outVectors / columns)!;
}

function workgroupsOf(convolution: Convolution, rows: number, columns: number): [number, number, number] {
  const across = threadsAcross(convolution, columns);
  const vectors = convolution.outVectors / columns;
  return [Math.ceil(vectors / across), Math.ceil(outPixels(convolution) / rows / (DIRECT_THREADS / across)), 1];
}
