import { type Convolution, convolutionBuffers, depth, kindOf, outPixels, type Residual } from './convolution.ts';
import { repeat, type Shader } from './shader.ts';

export interface DirectBlocking {
  /** Pixels that a thread computes. */
  readonly rows: number;
  /** Vectors of output channels that it computes for each; divides those of a group. */
  readonly columns: number;
  /** Threads that compute the same outputs, each over its share of the input channels: one, or {@link SHARES}. */
  readonly shares?: number;
}

/** Of a workgroup: one or more whole subgroups on every GPU, and a few rows of a small layer. */
export const DIRECT_THREADS = 64;

/** Of a workgroup whose threads share out the input channels: those of one share still read whole lines of the filter. */
export const SHARES = 8;

/** Vectors of input channels that make a share worth its thread. */
const LEAST_SHARE = 4;

/** Whether there are channels to be shared out. */
export function canSplit({ inVectors, narrowChannels }: Convolution): boolean {
  return narrowChannels === 0 && inVectors >= SHARES * LEAST_SHARE;
}

/**
 * A direct convolution in registers: each thread keeps `rows` × `columns` sums while all taps and channels pass by, or its
 * share of the channels, for layers of few pixels, which otherwise leave most of a GPU idle.
 *
 * A kernel that splits no channels has neither workgroup memory nor barriers. One that does adds up the shares' sums at the
 * end, a row at a time. Pixels beyond the last are computed as the last, and not written. All that tells layers apart is in
 * uniforms, so that layers of one blocking share a pipeline: compiling is most of the time to the first answer where drivers
 * compile on the CPU. For the same reason what is done once a thread is in loops.
 */
export function directConvolution(convolution: Convolution, { rows, columns, shares = 1 }: DirectBlocking): Shader {
  const { residual, narrowChannels } = convolution;
  const isShared = shares > 1;
  // A tenth faster without where it can be.
  const isMasked = kindOf(convolution) !== 'pointwise';
  const channels =
    narrowChannels > 0
      ? numbersOfTap(rows, columns, isMasked)
      : vectorsOfTap(rows, columns, isMasked, isShared ? 'first' : '0u');
  const sums = (value: (c: number) => string): string => `${repeat(columns, (c) => `var sum0_${c} = ${value(c)};`)}
  ${repeat(rows - 1, (r) => repeat(columns, (c) => `var sum${r + 1}_${c} = sum0_${c};`, ' '))}`;
  const nextSums = repeat(rows - 1, (r) => repeat(columns, (c) => `sum${r}_${c} = sum${r + 1}_${c};`, ' '));
  const body = `${isShared ? `var<workgroup> partial: array<vec4f, ${DIRECT_THREADS * columns}>;\n` : ''}@compute @workgroup_size(${DIRECT_THREADS})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  ${isShared ? `let place = thread % ${DIRECT_THREADS / shares}u;` : 'let place = thread;'}
  let column = (workgroup.x * shape.threadsX + place % shape.threadsX) * ${columns}u;
  var row = (workgroup.y * (${DIRECT_THREADS / shares}u / shape.threadsX) + place / shape.threadsX) * ${rows}u;
  ${isShared ? '' : 'if (column >= shape.outVectors || row >= shape.pixels) { return; }'}
  let next = shape.outVectors;
  ${isShared ? share(shares) : 'let depth = shape.groupInVectors;'}
  let groupBase = column / shape.groupOutVectors * shape.groupInVectors;
  var w = shape.bias + column;
  ${sums((c) => (isShared ? 'vec4f()' : `weights_unpack(weights[w + ${c}u])`))}
  ${repeat(rows, windowStart)}
  w = column${isShared ? ' + 4u * first * next' : ''};
  for (var i = 0u; i < shape.kernelHeight; i += 1u) {
    for (var j = 0u; j < shape.kernelWidth; j += 1u) {
      ${repeat(rows, (r) => tapOf(r, isMasked))}
      ${channels}
      ${isShared ? 'w += 4u * (shape.groupInVectors - (depth - first)) * next;' : ''}
    }
  }
  for (var r = 0u; r < ${rows}u; r++) {
    ${isShared ? writtenTogether(residual, rows, columns, shares) : writtenAlone(residual, columns)}
    ${nextSums}
    row += 1u;
  }
}`;
  return {
    buffers: convolutionBuffers(convolution),
    uniforms: uniformsOf(convolution, columns, shares),
    body,
    workgroups: workgroupsOf(convolution, rows, columns, shares),
  };
}

/** Vectors of the input channels from `first` to `depth`, of which the last share may have fewer or none. */
function share(shares: number): string {
  return `let size = (shape.groupInVectors + ${shares - 1}u) / ${shares}u;
  let first = min(thread / ${DIRECT_THREADS / shares}u * size, shape.groupInVectors);
  let depth = min(first + size, shape.groupInVectors);`;
}

/** A thread's row of sums. */
function writtenAlone(residual: Residual, columns: number): string {
  return `if (row >= shape.pixels) { return; }
    var at = row * shape.outVectors + column;
    ${repeat(columns, (c) => `{ ${written(residual, `sum0_${c}`)} at += 1u; }`)}`;
}

/** The r-th row of all threads' sums, added up in the order of the shares by as many threads as there are outputs. */
function writtenTogether(residual: Residual, rows: number, columns: number, shares: number): string {
  const places = DIRECT_THREADS / shares;
  return `workgroupBarrier();
    ${repeat(columns, (c) => `partial[${c * DIRECT_THREADS}u + thread] = sum0_${c};`, ' ')}
    workgroupBarrier();
    for (var out = thread; out < ${places * columns}u; out += ${DIRECT_THREADS}u) {
      let to = out % ${places}u;
      let outColumn = (workgroup.x * shape.threadsX + to % shape.threadsX) * ${columns}u + out / ${places}u;
      let outRow = (workgroup.y * (${places}u / shape.threadsX) + to / shape.threadsX) * ${rows}u + r;
      if (outColumn < shape.outVectors && outRow < shape.pixels) {
        var total = weights_unpack(weights[shape.bias + outColumn]);
        for (var s = 0u; s < ${shares}u; s++) { total += partial[out / ${places}u * ${DIRECT_THREADS}u + s * ${places}u + to]; }
        let at = outRow * shape.outVectors + outColumn;
        ${written(residual, 'total')}
      }
    }`;
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
function vectorsOfTap(rows: number, columns: number, isMasked: boolean, first: string): string {
  const read = (r: number): string => masked(`x_unpack(x[at${r} + v])`, r, isMasked);
  return `for (var v = ${first}; v < depth; v++) {
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

function uniformsOf(convolution: Convolution, columns: number, shares: number): Readonly<Record<string, number>> {
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
    threadsX: threadsAcross(convolution, columns, shares),
    isAdded: Number(residual === 'in place'),
    activation: ACTIVATIONS.indexOf(activation),
  };
}

/** Of a workgroup, or of one share of it: as many along the columns as there are, up to eight. */
function threadsAcross({ outVectors }: Convolution, columns: number, shares: number): number {
  const most = Math.min(8, DIRECT_THREADS / shares);
  return [8, 4, 2, 1].find((across) => across <= most && across <= outVectors / columns)!;
}

function workgroupsOf(
  convolution: Convolution,
  rows: number,
  columns: number,
  shares: number,
): [number, number, number] {
  const across = threadsAcross(convolution, columns, shares);
  const down = DIRECT_THREADS / shares / across;
  return [Math.ceil(convolution.outVectors / columns / across), Math.ceil(outPixels(convolution) / rows / down), 1];
}
