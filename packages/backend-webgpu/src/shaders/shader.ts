/** How the numbers of a buffer are stored; shaders compute in float32 with either. */
export type NumberType = 'f32' | 'f16';

export const BYTES: Readonly<Record<NumberType, number>> = { f32: 4, f16: 2 };

const LARGEST: Readonly<Record<NumberType, string>> = { f32: '3.4028234e38', f16: '65504.0' };

export interface ShaderBuffer {
  readonly name: string;
  readonly isWritten: boolean;
  /** What its elements are: vectors of four numbers, or one each. */
  readonly element: 'vector' | 'number';
}

/** A WGSL compute shader with entry `main`, specialised for its shapes, and how many workgroups it takes. */
export interface Shader {
  /** Directives, which go before everything else. */
  readonly directives?: string;
  /** By binding, from 0. */
  readonly buffers: readonly ShaderBuffer[];
  /**
   * What follows the buffers' declarations, whatever their numbers are stored in: it reads `vec4f(x[i])` or `f32(x[i])`, and
   * writes `y[i] = y_type(…)`; `y_largest` is the largest number that `y` can hold.
   */
  readonly body: string;
  readonly workgroups: readonly [number, number, number];
}

/** The whole text of a shader whose buffers store their numbers in `types`, by binding. */
export function wgsl({ directives = '', buffers, body }: Shader, types: readonly NumberType[]): string {
  const declarations = buffers.map(({ name, isWritten, element }, binding) => {
    const type = types[binding]!;
    const largest = isWritten ? `\nconst ${name}_largest = ${LARGEST[type]};` : '';
    return `alias ${name}_type = ${element === 'vector' ? `vec4<${type}>` : type};
@group(0) @binding(${binding}) var<storage, ${isWritten ? 'read_write' : 'read'}> ${name}: array<${name}_type>;${largest}`;
  });
  return [...(types.includes('f16') ? ['enable f16;'] : []), directives, ...declarations, body]
    .filter((part) => part !== '')
    .join('\n');
}

/** WebGPU's guaranteed limit of workgroups along an axis. */
const WORKGROUPS_PER_AXIS = 65_535;

export const THREADS = 64;

/** The least number, which stands for −∞: WGSL has no literal for that. */
export const LEAST = '-3.4028234e38';

/** Workgroups of {@link THREADS} threads for `count` items, folded into two axes where one is too short. */
export function flatWorkgroups(count: number): [number, number, number] {
  const groups = Math.ceil(count / THREADS);
  const x = Math.min(groups, WORKGROUPS_PER_AXIS);
  return [x, Math.ceil(groups / x), 1];
}

/** The head of a shader of one thread an item: `item` is its index, below `count`. */
export function flatMain(count: number): string {
  const [x] = flatWorkgroups(count);
  return `@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let item = id.x + id.y * ${x * THREADS}u;
  if (item >= ${count}u) { return; }`;
}

/** `count` lines, or parts of one. */
export function repeat(count: number, line: (index: number) => string, separator = '\n'): string {
  return Array.from({ length: count }, (_, index) => line(index)).join(separator);
}

/** The buffers of a shader, by binding, of which it writes one; elements are vectors but for those named in `numbers`. */
export function buffers(names: readonly string[], written: string, numbers: readonly string[] = []): ShaderBuffer[] {
  return names.map((name) => ({
    name,
    isWritten: name === written,
    element: numbers.includes(name) ? 'number' : 'vector',
  }));
}
