import { type Convolution, convolutionBuffers, epilogue, outPixels } from './convolution.ts';
import { repeat, type Shader } from './shader.ts';

const ROWS = 8;
const THREADS = 32;
/**
 * Every subgroup has at least four threads. A broadcast from a thread whose number the compiler knows takes 0.48 to 0.75 of a
 * shuffle's time.
 */
const SOURCES = 4;

export function canShareInSubgroups({ groups, narrowChannels, outVectors }: Convolution): boolean {
  return groups === 1 && narrowChannels === 0 && outVectors >= THREADS / 2;
}

/**
 * A direct convolution whose workgroup computes the same pixels, a vector of output channels a thread. Each thread loads one
 * of four vectors of input channels; the first four threads of a subgroup hand theirs round.
 */
export function subgroupConvolution(convolution: Convolution): Shader {
  const { outVectors, inVectors, height, width, outHeight, outWidth, kernel, strides, dilations, padBefore } =
    convolution;
  const pixels = outPixels(convolution);
  const body = `@compute @workgroup_size(${THREADS})
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let column = min(id.x, ${outVectors - 1}u);
  let row = id.y * ${ROWS}u;
  ${repeat(ROWS, (r) => `var sum${r} = vec4f();`, ' ')}
  ${repeat(
    ROWS,
    (r) => `let pixel${r} = min(row + ${r}u, ${pixels - 1}u);
  let top${r} = i32(pixel${r} / ${outWidth}u % ${outHeight}u) * ${strides[0]} - ${padBefore[0]};
  let left${r} = i32(pixel${r} % ${outWidth}u) * ${strides[1]} - ${padBefore[1]};`,
  )}
  var w = column;
  for (var i = 0; i < ${kernel[0] * dilations[0]}; i += ${dilations[0]}) {
    for (var j = 0; j < ${kernel[1] * dilations[1]}; j += ${dilations[1]}) {
      ${repeat(
        ROWS,
        (r) => `let in${r} = (u32(top${r} + i) < ${height}u) & (u32(left${r} + j) < ${width}u);
      let at${r} = (pixel${r} / ${outHeight * outWidth}u * ${height * width}u + min(u32((top${r} + i) * ${width} + left${r} + j), ${height * width - 1}u)) * ${inVectors}u;`,
      )}
      for (var v = 0u; v < ${inVectors}u; v += ${SOURCES}u) {
        let own = min(v + lane % ${SOURCES}u, ${inVectors - 1}u);
        ${repeat(ROWS, (r) => `let x${r} = select(vec4f(), x_unpack(x[at${r} + own]), in${r});`)}
        ${repeat(
          SOURCES,
          (source) => `if (v + ${source}u < ${inVectors}u) {
          let w0 = weights_unpack(weights[w]); let w1 = weights_unpack(weights[w + ${outVectors}u]);
          let w2 = weights_unpack(weights[w + ${2 * outVectors}u]); let w3 = weights_unpack(weights[w + ${3 * outVectors}u]);
          ${repeat(
            ROWS,
            (r) =>
              `{ let s = subgroupBroadcast(x${r}, ${source}u); sum${r} = fma(w0, s.xxxx, fma(w1, s.yyyy, fma(w2, s.zzzz, fma(w3, s.wwww, sum${r})))); }`,
          )}
          w += ${4 * outVectors}u;
        }`,
        )}
      }
    }
  }
  ${repeat(ROWS, (r) => `if (id.x < ${outVectors}u && row + ${r}u < ${pixels}u) ${epilogue(convolution, `row + ${r}u`, 'column', `sum${r}`)}`)}
}`;
  return {
    directives: 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);',
    buffers: convolutionBuffers(convolution),
    body,
    workgroups: [Math.ceil(outVectors / THREADS), Math.ceil(pixels / ROWS), 1],
  };
}
