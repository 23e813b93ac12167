import { type Convolution, convolutionBuffers, depth, epilogue, outPixels } from './convolution.ts';
import { repeat, type Shader } from './shader.ts';

/** Pixels and vectors of output channels of a thread; threads of a workgroup along columns and rows; vectors of depth a tile. */
const ROWS = 8;
const COLUMNS = 2;
const THREADS_X = 8;
const THREADS_Y = 8;
const TILE_DEPTH = 4;

/** Whether a convolution can be tiled: its depth in whole tiles, one group, no narrow input. */
export function canTile(convolution: Convolution): boolean {
  const { groups, narrowChannels, outVectors } = convolution;
  return (
    groups === 1 && narrowChannels === 0 && depth(convolution) % (TILE_DEPTH * 4) === 0 && outVectors >= COLUMNS * 4
  );
}

/** An implicit matrix product in tiles of workgroup memory, which all threads of a workgroup fill and share. */
export function tiledConvolution(convolution: Convolution): Shader {
  const { outVectors, inVectors, height, width, outHeight, outWidth, kernel, strides, dilations, padBefore } =
    convolution;
  const pixels = outPixels(convolution);
  const threads = THREADS_X * THREADS_Y;
  const [tileRows, tileColumns] = [THREADS_Y * ROWS, THREADS_X * COLUMNS];
  const row = (r: number): string => `(rowBase + local.y + ${r * THREADS_Y}u)`;
  const column = (c: number): string => `(columnBase + local.x + ${c * THREADS_X}u)`;
  const body = `var<workgroup> xTile: array<array<x_type, ${tileRows}>, ${TILE_DEPTH}>;
var<workgroup> weightTile: array<array<weights_type, ${tileColumns}>, ${TILE_DEPTH * 4}>;
@compute @workgroup_size(${THREADS_X}, ${THREADS_Y})
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let columnBase = workgroup.x * ${tileColumns}u;
  let rowBase = workgroup.y * ${tileRows}u;
  ${repeat(ROWS, (r) => repeat(COLUMNS, (c) => `var sum${r}_${c} = vec4f();`, ' '))}
  for (var k = 0u; k < ${depth(convolution) / 4}u; k += ${TILE_DEPTH}u) {
    for (var e = thread; e < ${tileRows * TILE_DEPTH}u; e += ${threads}u) {
      let pixel = min(rowBase + e / ${TILE_DEPTH}u, ${pixels - 1}u);
      let at = k + e % ${TILE_DEPTH}u;
      let tap = i32(at / ${inVectors}u);
      let py = i32(pixel / ${outWidth}u % ${outHeight}u) * ${strides[0]} - ${padBefore[0]} + tap / ${kernel[1]} * ${dilations[0]};
      let px = i32(pixel % ${outWidth}u) * ${strides[1]} - ${padBefore[1]} + tap % ${kernel[1]} * ${dilations[1]};
      let inside = (u32(py) < ${height}u) & (u32(px) < ${width}u);
      let source = pixel / ${outHeight * outWidth}u * ${height * width}u + min(u32(py * ${width} + px), ${height * width - 1}u);
      xTile[e % ${TILE_DEPTH}u][e / ${TILE_DEPTH}u] = select(x_type(), x[source * ${inVectors}u + at % ${inVectors}u], inside);
    }
    for (var e = thread; e < ${tileColumns * TILE_DEPTH * 4}u; e += ${threads}u) {
      let source = min(columnBase + e % ${tileColumns}u, ${outVectors - 1}u);
      weightTile[e / ${tileColumns}u][e % ${tileColumns}u] = weights[(k * 4u + e / ${tileColumns}u) * ${outVectors}u + source];
    }
    workgroupBarrier();
    for (var v = 0u; v < ${TILE_DEPTH}u; v++) {
      ${repeat(ROWS, (r) => `let x${r} = x_unpack(xTile[v][local.y + ${r * THREADS_Y}u]);`)}
      ${repeat(
        4,
        (lane) => `{
        ${repeat(COLUMNS, (c) => `let w${c} = weights_unpack(weightTile[v * 4u + ${lane}u][local.x + ${c * THREADS_X}u]);`)}
        ${repeat(ROWS, (r) => repeat(COLUMNS, (c) => `sum${r}_${c} = fma(w${c}, vec4f(x${r}[${lane}]), sum${r}_${c});`, ' '))}
      }`,
      )}
    }
    workgroupBarrier();
  }
  ${repeat(ROWS, (r) =>
    repeat(
      COLUMNS,
      (c) =>
        `if (${row(r)} < ${pixels}u && ${column(c)} < ${outVectors}u) ${epilogue(convolution, row(r), column(c), `sum${r}_${c}`)}`,
    ),
  )}
}`;
  return {
    buffers: convolutionBuffers(convolution),
    body,
    workgroups: [Math.ceil(outVectors / tileColumns), Math.ceil(pixels / tileRows), 1],
  };
}
