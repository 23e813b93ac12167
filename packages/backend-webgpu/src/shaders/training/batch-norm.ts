import { FLAT_MAIN, flat } from '../flat.ts';
import { repeat, type Shader, type ShaderBuffer, THREADS } from '../shader.ts';

/** Rows are pixels of all images. */
export interface BatchNorm {
  readonly rows: number;
  readonly vectors: number;
}

/** Rows that a thread sums up, and sums of chunks that one thread of the second dispatch joins. */
const CHUNK_ROWS = 32;

export function chunksOf({ rows }: BatchNorm): number {
  return Math.ceil(rows / CHUNK_ROWS);
}

/** Of each chunk and vector: the mean, and the sum of squares of what differs from it. */
export function statisticsOfChunks(norm: BatchNorm): Shader {
  return chunkShader(
    norm,
    ['x'],
    `var sum = vec4f();
  for (var row = begin; row < end; row++) { sum += x_unpack(x[row * shape.vectors + vector]); }
  let first = sum / f32(end - begin);
  var second = vec4f();
  for (var row = begin; row < end; row++) {
    let rest = x_unpack(x[row * shape.vectors + vector]) - first;
    second = fma(rest, rest, second);
  }`,
  );
}

/** Joins chunks' means and squares: mean and biased variance of each channel. @see Chan et al. 1979 */
export function joinStatistics(norm: BatchNorm): Shader {
  const rowsOf = `f32(min(${CHUNK_ROWS}u, shape.rows - chunk * ${CHUNK_ROWS}u))`;
  return joinShader(norm, [vector('partial'), written('mean'), written('variance')], {
    read: `let rows = ${rowsOf};
    let apart = partial_unpack(partial[at]) - first;
    first += apart * (rows / (weight + rows));
    second += partial_unpack(partial[at + 1u]) + apart * apart * (weight * rows / (weight + rows));
    weight += rows;`,
    join: `let rows = weights[thread + half];
      let apart = firsts[thread + half] - firsts[thread];
      let all = max(weights[thread] + rows, 1.0);
      firsts[thread] += apart * (rows / all);
      seconds[thread] += seconds[thread + half] + apart * apart * (weights[thread] * rows / all);
      weights[thread] += rows;`,
    write: `mean[workgroup.x] = firsts[0]; variance[workgroup.x] = seconds[0] / f32(shape.rows);`,
  });
}

export interface Normalize extends BatchNorm {
  readonly epsilon: number;
  readonly hasResidual: boolean;
  readonly isRectified: boolean;
}

/** `(x − mean) / √(variance + ε) · scale + offset`, and what is fused into it. */
export function normalize({ rows, vectors, epsilon, hasResidual, isRectified }: Normalize): Shader {
  const { uniforms, workgroups } = flat(rows * vectors);
  const names = ['x', 'mean', 'variance', 'scale', 'offset', ...(hasResidual ? ['residual'] : [])];
  const body = `${FLAT_MAIN}
  let vector = item % shape.vectors;
  let slope = scale_unpack(scale[vector]) * inverseSqrt(variance_unpack(variance[vector]) + ${literal(epsilon)});
  var value = (x_unpack(x[item]) - mean_unpack(mean[vector])) * slope + offset_unpack(offset[vector]);
  ${hasResidual ? 'value += residual_unpack(residual[item]);' : ''}
  y[item] = y_pack(${isRectified ? 'max(value, vec4f())' : 'value'});
}`;
  return { buffers: [...names.map(vector), written('y')], uniforms: { ...uniforms, vectors }, body, workgroups };
}

/** Of each chunk and vector: the sum of the gradient, and of its products with what differs from the mean. */
export function gradientOfChunks(norm: BatchNorm): Shader {
  return chunkShader(
    norm,
    ['dy', 'x', 'mean'],
    `var first = vec4f();
  var second = vec4f();
  let middle = mean_unpack(mean[vector]);
  for (var row = begin; row < end; row++) {
    let slope = dy_unpack(dy[row * shape.vectors + vector]);
    first += slope;
    second = fma(slope, x_unpack(x[row * shape.vectors + vector]) - middle, second);
  }`,
  );
}

/** Joins chunks' sums: the gradients of scale and offset. */
export function joinGradient(norm: BatchNorm, epsilon: number): Shader {
  return joinShader(norm, [vector('partial'), vector('variance'), written('dScale'), written('dOffset')], {
    read: `first += partial_unpack(partial[at]); second += partial_unpack(partial[at + 1u]);`,
    join: `firsts[thread] += firsts[thread + half]; seconds[thread] += seconds[thread + half];`,
    write: `dOffset[workgroup.x] = firsts[0];
    dScale[workgroup.x] = seconds[0] * inverseSqrt(variance_unpack(variance[workgroup.x]) + ${literal(epsilon)});`,
  });
}

/** The gradient of what was normalised. @see Ioffe & Szegedy 2015, section 3 */
export function gradientOfInput({ rows, vectors }: BatchNorm, epsilon: number): Shader {
  const { uniforms, workgroups } = flat(rows * vectors);
  const body = `${FLAT_MAIN}
  let vector = item % shape.vectors;
  let inverse = inverseSqrt(variance_unpack(variance[vector]) + ${literal(epsilon)});
  let normal = (x_unpack(x[item]) - mean_unpack(mean[vector])) * inverse;
  let centre = (dOffset_unpack(dOffset[vector]) + normal * dScale_unpack(dScale[vector])) / f32(shape.rows);
  dx[item] = dx_pack(scale_unpack(scale[vector]) * inverse * (dy_unpack(dy[item]) - centre));
}`;
  const names = ['dy', 'x', 'scale', 'mean', 'variance', 'dScale', 'dOffset'];
  return {
    buffers: [...names.map(vector), written('dx')],
    uniforms: { ...uniforms, vectors, rows },
    body,
    workgroups,
  };
}

function chunkShader(norm: BatchNorm, names: readonly string[], sums: string): Shader {
  const { rows, vectors } = norm;
  const { uniforms, workgroups } = flat(chunksOf(norm) * vectors);
  const body = `${FLAT_MAIN}
  let vector = item % shape.vectors;
  let begin = item / shape.vectors * ${CHUNK_ROWS}u;
  let end = min(begin + ${CHUNK_ROWS}u, shape.rows);
  ${sums}
  partial[2u * item] = partial_pack(first);
  partial[2u * item + 1u] = partial_pack(second);
}`;
  return {
    buffers: [...names.map(vector), written('partial')],
    uniforms: { ...uniforms, vectors, rows },
    body,
    workgroups,
  };
}

/** A workgroup a vector, whose threads join the chunks' two sums, always in the same order. */
function joinShader(
  norm: BatchNorm,
  buffers: readonly ShaderBuffer[],
  { read, join, write }: { readonly read: string; readonly join: string; readonly write: string },
): Shader {
  const shared = (name: string, type: string): string => `var<workgroup> ${name}: array<${type}, ${THREADS}>;`;
  const body = `${shared('firsts', 'vec4f')}
${shared('seconds', 'vec4f')}
${shared('weights', 'f32')}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  var first = vec4f();
  var second = vec4f();
  var weight = 0.0;
  for (var chunk = thread; chunk < shape.chunks; chunk += ${THREADS}u) {
    let at = 2u * (chunk * shape.vectors + workgroup.x);
    ${read}
  }
  firsts[thread] = first; seconds[thread] = second; weights[thread] = weight;
  workgroupBarrier();
  ${repeat(Math.log2(THREADS), (level) => {
    const half = THREADS >> (level + 1);
    return `if (thread < ${half}u) { const half = ${half}u; ${join} }
  workgroupBarrier();`;
  })}
  if (thread == 0u) { ${write} }
}`;
  const uniforms = { vectors: norm.vectors, chunks: chunksOf(norm), rows: norm.rows };
  return { buffers, uniforms, body, workgroups: [norm.vectors, 1, 1] };
}

function vector(name: string): ShaderBuffer {
  return { name, isWritten: false, element: 'vector' };
}

function written(name: string): ShaderBuffer {
  return { name, isWritten: true, element: 'vector' };
}

function literal(value: number): string {
  return `f32(${value})`;
}
