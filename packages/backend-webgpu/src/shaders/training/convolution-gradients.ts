import type { DirectBlocking } from '../direct-convolution.ts';
import { FLAT_MAIN, flat } from '../flat.ts';
import { buffers, repeat, type Shader } from '../shader.ts';

type Pair = readonly [number, number];

/** A convolution, not dilated and in one group, whose gradients are asked for; filters are `[h, w, in, out]`. */
export interface TrainedConvolution {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  /** Whether the image has no padding: up to three numbers a pixel. */
  readonly isNarrow: boolean;
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly padBefore: Pair;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outVectors: number;
}

export function multiplyAddsOf(convolution: TrainedConvolution): number {
  const { batch, outHeight, outWidth, kernel, inChannels, outVectors } = convolution;
  return batch * outHeight * outWidth * kernel[0] * kernel[1] * inChannels * outVectors * 4;
}

/** What both gradients' shaders know of it. */
function geometryOf(convolution: TrainedConvolution): Shader['uniforms'] {
  const { inChannels, height, width, outHeight, outWidth, outVectors, kernel, strides, padBefore } = convolution;
  return {
    inChannels,
    height,
    width,
    outHeight,
    outWidth,
    outVectors,
    kernelHeight: kernel[0],
    kernelWidth: kernel[1],
    strideY: strides[0],
    strideX: strides[1],
    padTop: padBefore[0],
    padLeft: padBefore[1],
  };
}

/** What comes after the sums of an input's gradient. */
export interface GradientEpilogue {
  /** Adds another gradient of the same value. */
  readonly hasOther: boolean;
  /** Keeps it only where a ReLU's result is positive. */
  readonly isMasked: boolean;
}

/**
 * The gradient of the input: each pixel gathers from those that it went into. Pixels that the same taps of the filter reach, a
 * phase of the strides, go together, so that no tap is tried in vain.
 */
export function inputGradient(
  convolution: TrainedConvolution,
  { hasOther, isMasked }: GradientEpilogue,
  { rows, columns }: DirectBlocking,
): Shader {
  const { batch, height, width, inChannels, strides } = convolution;
  const vectors = Math.ceil(inChannels / 4);
  const [phaseHeight, phaseWidth] = [Math.ceil(height / strides[0]), Math.ceil(width / strides[1])];
  const pixels = batch * phaseHeight * phaseWidth;
  const { uniforms, workgroups } = flat(Math.ceil(pixels / rows) * (vectors / columns));
  const all = (text: (p: number, c: number) => string): string =>
    repeat(rows, (p) => repeat(columns, (c) => text(p, c), ' '));
  const transposed = (c: number, lane: number): string =>
    `let w${c}_${lane} = vec4f(${repeat(4, (row) => `row${c}_${row}[${lane}]`, ', ')});`;
  const body = `${FLAT_MAIN}
  let threadsAcross = shape.vectors / ${columns}u;
  let vector = item % threadsAcross * ${columns}u;
  let pixel = item / threadsAcross * ${rows}u;
  let phaseY = id.z / shape.strideX;
  let phaseX = id.z % shape.strideX;
  let firstI = (phaseY + shape.padTop) % shape.strideY;
  let firstJ = (phaseX + shape.padLeft) % shape.strideX;
  ${repeat(
    rows,
    (p) => `let pixel${p} = min(pixel + ${p}u, shape.pixels - 1u);
  let down${p} = pixel${p} / shape.phaseWidth;
  let image${p} = down${p} / shape.phaseHeight;
  let top${p} = down${p} % shape.phaseHeight + (phaseY + shape.padTop) / shape.strideY;
  let left${p} = pixel${p} % shape.phaseWidth + (phaseX + shape.padLeft) / shape.strideX;`,
  )}
  ${all((p, c) => `var sum${p}_${c} = vec4f();`)}
  var k = 0u;
  for (var i = firstI; i < shape.kernelHeight; i += shape.strideY) {
    var l = 0u;
    for (var j = firstJ; j < shape.kernelWidth; j += shape.strideX) {
      var w = ((i * shape.kernelWidth + j) * shape.inChannels + vector * 4u) * shape.outVectors;
      ${repeat(
        rows,
        (p) => `let in${p} = (top${p} - k < shape.outHeight) & (left${p} - l < shape.outWidth);
      let at${p} = ((image${p} * shape.outHeight + top${p} - k) * shape.outWidth + left${p} - l) * shape.outVectors;`,
      )}
      for (var o = 0u; o < shape.outVectors; o++) {
        ${repeat(columns, (c) =>
          repeat(4, (row) => `let row${c}_${row} = weights_unpack(weights[w + ${4 * c + row}u * shape.outVectors]);`),
        )}
        ${repeat(rows, (p) => `let slope${p} = select(vec4f(), dy_unpack(dy[at${p} + o]), in${p});`)}
        ${repeat(
          4,
          (lane) => `{
          ${repeat(columns, (c) => transposed(c, lane), ' ')}
          ${all((p, c) => `sum${p}_${c} = fma(w${c}_${lane}, vec4f(slope${p}[${lane}]), sum${p}_${c});`)}
        }`,
        )}
        w += 1u;
      }
      l += 1u;
    }
    k += 1u;
  }
  for (var p = 0u; p < ${rows}u; p++) {
    let here = pixel + p;
    let down = here / shape.phaseWidth;
    let y = down % shape.phaseHeight * shape.strideY + phaseY;
    let x = here % shape.phaseWidth * shape.strideX + phaseX;
    if (here < shape.pixels && y < shape.height && x < shape.width) {
      var at = ((down / shape.phaseHeight * shape.height + y) * shape.width + x) * shape.vectors + vector;
      ${repeat(
        columns,
        (c) => `{
        var value = sum0_${c};
        ${hasOther ? 'value += other_unpack(other[at]);' : ''}
        ${isMasked ? 'value = select(vec4f(), value, mask_unpack(mask[at]) > vec4f());' : ''}
        dx[at] = dx_pack(value);
        at += 1u;
      }`,
      )}
    }
    ${repeat(rows - 1, (p) => repeat(columns, (c) => `sum${p}_${c} = sum${p + 1}_${c};`, ' '))}
  }
}`;
  const names = ['dy', 'weights', ...(hasOther ? ['other'] : []), ...(isMasked ? ['mask'] : []), 'dx'];
  return {
    buffers: buffers(names, 'dx'),
    uniforms: {
      ...uniforms,
      ...geometryOf(convolution),
      vectors,
      pixels,
      phaseHeight,
      phaseWidth,
    },
    body,
    workgroups: [workgroups[0], workgroups[1], strides[0] * strides[1]],
  };
}

/** Threads wanted for a filter's gradient, and the most parts in which its pixels are summed. */
const WANTED_THREADS = 2048;
const MOST_PARTS = 256;

export interface FilterGradientParts {
  /** Vectors of input and output channels of a thread. */
  readonly block: Pair;
  readonly parts: number;
  readonly rowsOfPart: number;
}

/**
 * In which blocks a filter's gradient is computed, of no more sums than so many vectors, and in how many parts the rows of all
 * images are summed, so that a small filter has threads enough.
 */
export function filterGradientParts(convolution: TrainedConvolution, mostSums: number): FilterGradientParts {
  const { batch, outHeight, inChannels, outVectors, isNarrow } = convolution;
  const inVectors = isNarrow || inChannels % 4 !== 0 ? 1 : inChannels / 4;
  const block = BLOCKS.find(
    ([ins, outs]) => ins * outs * 4 <= mostSums && inVectors % ins === 0 && outVectors % outs === 0,
  ) ?? [1, 1];
  const rows = batch * outHeight;
  const wanted = Math.min(MOST_PARTS, Math.ceil(WANTED_THREADS / blocksOf(convolution, block)));
  const rowsOfPart = Math.ceil(rows / Math.min(rows, wanted));
  return { block, parts: Math.ceil(rows / rowsOfPart), rowsOfPart };
}

const BLOCKS: readonly Pair[] = [
  [2, 4],
  [4, 2],
  [2, 2],
  [1, 4],
  [1, 2],
];

function blocksOf({ kernel, inChannels, outVectors }: TrainedConvolution, [ins, outs]: Pair): number {
  return kernel[0] * kernel[1] * Math.ceil(inChannels / (4 * ins)) * (outVectors / outs);
}

/** The gradient of the filter from each part of the rows: a thread a part, a tap, and a block of input and output channels. */
export function filterGradient(
  convolution: TrainedConvolution,
  { block, parts, rowsOfPart }: FilterGradientParts,
): Shader {
  const { batch, inChannels, isNarrow, outHeight, outVectors } = convolution;
  const [ins, outs] = block;
  const { uniforms, workgroups } = flat(parts * blocksOf(convolution, block));
  const channel = (lane: number): string => `select(0.0, x_number(at + ${lane}u), ${lane}u < shape.inChannels)`;
  const read = (v: number): string =>
    isNarrow ? `vec4f(${[0, 1, 2].map(channel).join(', ')}, 0)` : `x_unpack(x[at + ${v}u])`;
  const body = `${FLAT_MAIN}
  let out = item % shape.outBlocks * ${outs}u;
  let vector = item / shape.outBlocks % shape.inBlocks * ${ins}u;
  let tapAndPart = item / shape.outBlocks / shape.inBlocks;
  let taps = shape.kernelHeight * shape.kernelWidth;
  let tap = tapAndPart % taps;
  let part = tapAndPart / taps;
  let i = tap / shape.kernelWidth;
  let j = tap % shape.kernelWidth;
  let begin = select(0u, (shape.padLeft - j + shape.strideX - 1u) / shape.strideX, j < shape.padLeft);
  let last = shape.width + shape.padLeft - 1u;
  let end = select(0u, min(shape.outWidth, (last - j) / shape.strideX + 1u), j <= last);
  ${repeat(ins * 4, (c) => repeat(outs, (o) => `var sum${c}_${o} = vec4f();`, ' '))}
  for (var row = part * shape.rowsOfPart; row < min((part + 1u) * shape.rowsOfPart, shape.rows); row++) {
    let y = row % shape.outHeight * shape.strideY + i - shape.padTop;
    if (y >= shape.height) { continue; }
    let line = (row / shape.outHeight * shape.height + y) * shape.width;
    for (var column = begin; column < end; column++) {
      let at = (line + column * shape.strideX + j - shape.padLeft) * shape.pitch + vector;
      let slopeAt = (row * shape.outWidth + column) * shape.outVectors + out;
      ${repeat(outs, (o) => `let slope${o} = dy_unpack(dy[slopeAt + ${o}u]);`, ' ')}
      ${repeat(ins, (v) => `let x${v} = ${read(v)};`, ' ')}
      ${repeat(ins * 4, (c) =>
        repeat(
          outs,
          (o) => `sum${c}_${o} = fma(slope${o}, vec4f(x${Math.floor(c / 4)}[${c % 4}]), sum${c}_${o});`,
          ' ',
        ),
      )}
    }
  }
  var to = (tapAndPart * shape.inChannels + vector * 4u) * shape.outVectors + out;
  ${repeat(
    ins * 4,
    (c) => `if (vector * 4u + ${c}u < shape.inChannels) {
    ${repeat(outs, (o) => `partial[to + ${o}u] = partial_pack(sum${c}_${o});`, ' ')}
    to += shape.outVectors;
  }`,
  )}
}`;
  return {
    buffers: buffers(['x', 'dy', 'partial'], 'partial', isNarrow ? ['x'] : []),
    uniforms: {
      ...uniforms,
      ...geometryOf(convolution),
      inBlocks: Math.ceil(inChannels / (4 * ins)),
      outBlocks: outVectors / outs,
      /** Numbers, or vectors, from a pixel to the next. */
      pitch: isNarrow ? inChannels : Math.ceil(inChannels / 4),
      rows: batch * outHeight,
      rowsOfPart,
    },
    body,
    workgroups,
  };
}

/** Adds parts up, in their order; `vectors` is the size of one. */
export function sumOfParts(vectors: number, parts: number): Shader {
  const { uniforms, workgroups } = flat(vectors);
  const body = `${FLAT_MAIN}
  var sum = vec4f();
  for (var part = 0u; part < shape.parts; part++) { sum += partial_unpack(partial[part * shape.count + item]); }
  y[item] = y_pack(sum);
}`;
  return { buffers: buffers(['partial', 'y'], 'y'), uniforms: { ...uniforms, parts }, body, workgroups };
}
