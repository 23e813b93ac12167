import { activated, addedResidual, type Convolution } from './convolution.ts';
import { buffers, flatMain, flatWorkgroups, repeat, type Shader } from './shader.ts';

/** Edge of the square of outputs that Winograd's F(m×m, 3×3) computes at once. */
export type WinogradSize = 2 | 4;

interface Matrices {
  readonly input: readonly (readonly number[])[];
  readonly filter: readonly (readonly number[])[];
  readonly output: readonly (readonly number[])[];
}

/**
 * The transforms of F(2×2, 3×3) and F(4×4, 3×3): Bᵀ, G and Aᵀ.
 *
 * @see Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015), section 4
 */
function matricesOf(size: WinogradSize): Matrices {
  if (size === 2) {
    return {
      input: [
        [1, 0, -1, 0],
        [0, 1, 1, 0],
        [0, -1, 1, 0],
        [0, 1, 0, -1],
      ],
      filter: [
        [1, 0, 0],
        [1 / 2, 1 / 2, 1 / 2],
        [1 / 2, -1 / 2, 1 / 2],
        [0, 0, 1],
      ],
      output: [
        [1, 1, 1, 0],
        [0, 1, -1, -1],
      ],
    };
  }
  return {
    input: [
      [4, 0, -5, 0, 1, 0],
      [0, -4, -4, 1, 1, 0],
      [0, 4, -4, -1, 1, 0],
      [0, -2, -1, 2, 1, 0],
      [0, 2, -1, -2, 1, 0],
      [0, 4, 0, -5, 0, 1],
    ],
    filter: [
      [1 / 4, 0, 0],
      [-1 / 6, -1 / 6, -1 / 6],
      [-1 / 6, 1 / 6, -1 / 6],
      [1 / 24, 1 / 12, 1 / 6],
      [1 / 24, -1 / 12, 1 / 6],
      [0, 0, 1],
    ],
    output: [
      [1, 1, 1, 1, 1, 0],
      [0, 1, -1, 2, -2, 0],
      [0, 1, 1, 4, 4, 0],
      [0, 1, -1, 8, -8, 1],
    ],
  };
}

export function canWinograd({ kernel, strides, dilations, groups, narrowChannels }: Convolution): boolean {
  const isPlain = [...strides, ...dilations, groups].every((size) => size === 1);
  return kernel[0] === 3 && kernel[1] === 3 && isPlain && narrowChannels === 0;
}

export interface WinogradTiles {
  /** Of one image. */
  readonly rows: number;
  readonly columns: number;
  /** Of all images. */
  readonly count: number;
  readonly planes: number;
}

/** Squares of all images, and the planes that each is transformed to. */
export function winogradTiles({ batch, outHeight, outWidth }: Convolution, size: WinogradSize): WinogradTiles {
  const [rows, columns] = [Math.ceil(outHeight / size), Math.ceil(outWidth / size)];
  return { rows, columns, count: batch * rows * columns, planes: (size + 2) ** 2 };
}

/** Images to `[plane][square][channel]`. */
export function winogradInput(convolution: Convolution, size: WinogradSize): Shader {
  const { height, width, inVectors, padBefore } = convolution;
  const { rows, columns, count } = winogradTiles(convolution, size);
  const edge = size + 2;
  const { input } = matricesOf(size);
  const body = `${flatMain(count * inVectors)}
  let tile = item / ${inVectors}u;
  let image = tile / ${rows * columns}u * ${height * width}u;
  let top = i32(tile / ${columns}u % ${rows}u) * ${size} - ${padBefore[0]};
  let left = i32(tile % ${columns}u) * ${size} - ${padBefore[1]};
  var d: array<vec4f, ${edge * edge}>;
  for (var i = 0; i < ${edge}; i++) {
    for (var j = 0; j < ${edge}; j++) {
      let inside = (u32(top + i) < ${height}u) & (u32(left + j) < ${width}u);
      let at = image + min(u32((top + i) * ${width} + left + j), ${height * width - 1}u);
      d[i * ${edge} + j] = select(vec4f(), x_unpack(x[at * ${inVectors}u + item % ${inVectors}u]), inside);
    }
  }
  for (var j = 0; j < ${edge}; j++) {
    ${transform(input, (k) => `d[${k * edge} + j]`, 't')}
    ${repeat(edge, (i) => `d[${i * edge} + j] = t${i};`, ' ')}
  }
  for (var i = 0; i < ${edge}; i++) {
    ${transform(input, (k) => `d[i * ${edge} + ${k}]`, 't')}
    ${repeat(edge, (j) => `y[u32(i * ${edge} + ${j}) * ${count * inVectors}u + item] = y_pack(t${j});`)}
  }
}`;
  return { buffers: buffers(['x', 'y'], 'y'), body, workgroups: flatWorkgroups(count * inVectors) };
}

/** A matrix product for each plane: squares × channels by the transformed filter. */
export function winogradProducts(convolution: Convolution, size: WinogradSize): Shader {
  const { inVectors, outVectors } = convolution;
  const { count, planes } = winogradTiles(convolution, size);
  const rows = 8;
  const columns = [4, 2, 1].find((one) => outVectors % one === 0)!;
  const threads = [8, 4, 2, 1].find((one) => one * columns <= outVectors)!;
  const body = `@compute @workgroup_size(${threads}, ${32 / threads})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x * ${columns}u;
  let row = id.y * ${rows}u;
  if (column >= ${outVectors}u || row >= ${count}u) { return; }
  ${repeat(rows, (r) => repeat(columns, (c) => `var sum${r}_${c} = vec4f();`, ' '))}
  ${repeat(rows, (r) => `let at${r} = (id.z * ${count}u + min(row + ${r}u, ${count - 1}u)) * ${inVectors}u;`)}
  var w = id.z * ${inVectors * 4 * outVectors}u + column;
  for (var v = 0u; v < ${inVectors}u; v++) {
    ${repeat(rows, (r) => `let x${r} = x_unpack(x[at${r} + v]);`)}
    ${repeat(
      4,
      (lane) => `{
      ${repeat(columns, (c) => `let w${c} = weights_unpack(weights[w + ${c}u]);`, ' ')}
      ${repeat(rows, (r) => repeat(columns, (c) => `sum${r}_${c} = fma(w${c}, vec4f(x${r}[${lane}]), sum${r}_${c});`, ' '))}
      w += ${outVectors}u;
    }`,
    )}
  }
  ${repeat(
    rows,
    (r) =>
      `if (row + ${r}u < ${count}u) { let at = (id.z * ${count}u + row + ${r}u) * ${outVectors}u + column; ${repeat(columns, (c) => `y[at + ${c}u] = y_pack(sum${r}_${c});`, ' ')} }`,
  )}
}`;
  const workgroups = [
    Math.ceil(outVectors / columns / threads),
    Math.ceil(count / rows / (32 / threads)),
    planes,
  ] as const;
  return { buffers: buffers(['x', 'weights', 'y'], 'y'), body, workgroups };
}

/** `[plane][square][channel]` to images, with bias, residual and activation. */
export function winogradOutput(convolution: Convolution, size: WinogradSize): Shader {
  const { inVectors, outVectors, outHeight, outWidth, residual, activation } = convolution;
  const { rows, columns, count, planes } = winogradTiles(convolution, size);
  const edge = size + 2;
  const { output } = matricesOf(size);
  const body = `${flatMain(count * outVectors)}
  let column = item % ${outVectors}u;
  let tile = item / ${outVectors}u;
  let top = tile / ${columns}u % ${rows}u * ${size}u;
  let left = tile % ${columns}u * ${size}u;
  let bias = weights_unpack(weights[${planes * inVectors * 4 * outVectors}u + column]);
  var d: array<vec4f, ${size * edge}>;
  for (var j = 0; j < ${edge}; j++) {
    ${transform(output, (k) => `x_unpack(x[u32(${k * edge} + j) * ${count * outVectors}u + item])`, 't')}
    ${repeat(size, (i) => `d[${i * edge} + j] = t${i};`, ' ')}
  }
  for (var i = 0u; i < ${size}u; i++) {
    ${transform(output, (k) => `d[i * ${edge}u + ${k}u]`, 't')}
    ${repeat(
      size,
      (j) => `if (top + i < ${outHeight}u && left + ${j}u < ${outWidth}u) {
      let at = ((tile / ${rows * columns}u * ${outHeight}u + top + i) * ${outWidth}u + left + ${j}u) * ${outVectors}u + column;
      y[at] = y_pack(${activated(activation, `t${j} + bias${addedResidual(residual)}`)});
    }`,
    )}
  }
}`;
  const names = ['x', 'weights', 'y', ...(residual === 'own buffer' ? ['residual'] : [])];
  return { buffers: buffers(names, 'y'), body, workgroups: flatWorkgroups(count * outVectors) };
}

/** A packed 3×3 filter with its bias to `[plane][in][out]`, in float64, with the bias. */
export function winogradFilter(packed: Float32Array, convolution: Convolution, size: WinogradSize): Float32Array {
  const { filter } = matricesOf(size);
  const edge = size + 2;
  const pitch = convolution.outVectors * 4;
  const perTap = convolution.inVectors * 4 * pitch;
  const result = new Float32Array(edge * edge * perTap + pitch);
  result.set(packed.subarray(9 * perTap), edge * edge * perTap);
  for (let i = 0; i < edge; i++) {
    for (let j = 0; j < edge; j++) {
      const factors = Array.from({ length: 9 }, (_, tap) => filter[i]![Math.floor(tap / 3)]! * filter[j]![tap % 3]!);
      const plane = (i * edge + j) * perTap;
      for (let at = 0; at < perTap; at++) {
        let sum = 0;
        for (let tap = 0; tap < 9; tap++) sum += factors[tap]! * packed[tap * perTap + at]!;
        result[plane + at] = sum;
      }
    }
  }
  return result;
}

/** `let t0 = …; let t1 = …`: a matrix by a vector whose elements are expressions. */
function transform(matrix: readonly (readonly number[])[], element: (k: number) => string, name: string): string {
  const width = matrix[0]!.length;
  const loads = repeat(width, (k) => `let e${k} = ${element(k)};`, ' ');
  const rows = matrix.map((row, i) => {
    const terms = row.flatMap((factor, k) =>
      factor === 0 ? [] : [factor === 1 ? `e${k}` : `${factor.toFixed(1)} * e${k}`],
    );
    return `let ${name}${i} = ${terms.join(' + ')};`;
  });
  return `${loads}\n    ${rows.join('\n    ')}`;
}
