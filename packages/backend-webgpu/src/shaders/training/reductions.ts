import { FLAT_MAIN, flat } from '../flat.ts';
import { buffers, LEAST, repeat, type Shader, THREADS } from '../shader.ts';

export type Reduction = 'sum' | 'max';

interface Rows {
  readonly rows: number;
  readonly channels: number;
}

/** Over the rows, a number a channel. */
export function reduceRows(kind: Reduction, { rows, channels }: Rows): Shader {
  const { uniforms, workgroups } = flat(Math.ceil(channels / 4));
  const body = `${FLAT_MAIN}
  var value = vec4f(${start(kind)});
  for (var row = 0u; row < shape.rows; row++) { value = ${joined(kind, 'value', 'x_unpack(x[row * shape.count + item])')}; }
  y[item] = y_pack(value);
}`;
  return { buffers: buffers(['x', 'y'], 'y'), uniforms: { ...uniforms, rows }, body, workgroups };
}

/** Over the channels, a number a row. */
export function reduceChannels(kind: Reduction, { rows, channels }: Rows): Shader {
  const { uniforms, workgroups } = flat(rows);
  const body = `${FLAT_MAIN}
  var value = ${start(kind)};
  for (var c = 0u; c < shape.channels; c++) { value = ${joined(kind, 'value', 'x_number(item * shape.pitch + c)')}; }
  y[item] = y_pack(vec4f(value, 0, 0, 0));
}`;
  const pitch = Math.ceil(channels / 4) * 4;
  return { buffers: buffers(['x', 'y'], 'y', ['x']), uniforms: { ...uniforms, channels, pitch }, body, workgroups };
}

/** Over everything, by one workgroup and always in the same order; what pads the channels is zero. */
export function sumAll({ rows, channels }: Rows): Shader {
  const body = `var<workgroup> sums: array<vec4f, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = vec4f();
  for (var item = thread; item < shape.count; item += ${THREADS}u) { sum += x_unpack(x[item]); }
  sums[thread] = sum;
  workgroupBarrier();
  ${repeat(Math.log2(THREADS), (level) => {
    const half = THREADS >> (level + 1);
    return `if (thread < ${half}u) { sums[thread] += sums[thread + ${half}u]; }
  workgroupBarrier();`;
  })}
  if (thread == 0u) { y[0] = y_pack(vec4f(dot(sums[0], vec4f(1)), 0, 0, 0)); }
}`;
  const uniforms = { count: rows * Math.ceil(channels / 4) };
  return { buffers: buffers(['x', 'y'], 'y'), uniforms, body, workgroups: [1, 1, 1] };
}

/** The sum of several values of one shape. */
export function addAll(vectors: number, terms: number): Shader {
  const { uniforms, workgroups } = flat(vectors);
  const names = Array.from({ length: terms }, (_, index) => `term${index}`);
  const body = `${FLAT_MAIN}
  y[item] = y_pack(${names.map((name) => `${name}_unpack(${name}[item])`).join(' + ')});
}`;
  return { buffers: buffers([...names, 'y'], 'y'), uniforms, body, workgroups };
}

function start(kind: Reduction): string {
  return kind === 'sum' ? '0.0' : LEAST;
}

function joined(kind: Reduction, a: string, b: string): string {
  return kind === 'sum' ? `${a} + ${b}` : `max(${a}, ${b})`;
}
