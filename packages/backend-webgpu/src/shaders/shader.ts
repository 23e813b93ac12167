/** How the numbers of a buffer are stored; shaders compute in float32 with either. */
export type NumberType = 'f32' | 'f16';

export const BYTES: Readonly<Record<NumberType, number>> = { f32: 4, f16: 2 };

const LARGEST: Readonly<Record<NumberType, string>> = { f32: '3.4028234e38', f16: '65504.0' };

export interface ShaderBuffer {
  readonly name: string;
  readonly isWritten: boolean;
  /** What is read of it at a time: a vector of four numbers, or one number. What is written is a vector. */
  readonly element: 'vector' | 'number';
}

/** A WGSL compute shader with entry `main`, specialised for its shapes, and how many workgroups it takes. */
export interface Shader {
  /** Directives, which go before everything else. */
  readonly directives?: string;
  /** By binding, from 0. */
  readonly buffers: readonly ShaderBuffer[];
  /**
   * What follows the buffers' declarations, whatever their numbers are stored in. It reads vectors by `x_unpack(x[i])` and
   * numbers by `x_number(i)`, writes `y[i] = y_pack(vector)`, and has `x_type` for what lies in `x` and `y_largest` for the
   * largest number that fits into `y`.
   */
  readonly body: string;
  readonly workgroups: readonly [number, number, number];
  /** Whole numbers, not negative, that the body reads as `shape.name`: what they tell apart shares a pipeline. */
  readonly uniforms?: Readonly<Record<string, number>>;
}

/**
 * The whole text of a shader whose buffers store their numbers in `types`, by binding.
 *
 * Float16 is unpacked and packed by functions that every adapter has: the feature `shader-f16` is for arithmetic, and many phones
 * lack it.
 */
export function wgsl({ directives = '', buffers, uniforms, body }: Shader, types: readonly NumberType[]): string {
  const declarations = buffers.map((buffer, binding) => declaration(buffer, binding, types[binding]!));
  const shape = uniforms ? [uniformDeclaration(Object.keys(uniforms), buffers.length)] : [];
  return [directives, ...declarations, ...shape, body].filter((part) => part !== '').join('\n');
}

function uniformDeclaration(names: readonly string[], binding: number): string {
  return `struct Shape { ${names.map((name) => `${name}: u32`).join(', ')} }
@group(0) @binding(${binding}) var<uniform> shape: Shape;`;
}

function declaration({ name, isWritten, element }: ShaderBuffer, binding: number, type: NumberType): string {
  const isHalf = type === 'f16';
  const stored = element === 'vector' ? (isHalf ? 'vec2u' : 'vec4f') : isHalf ? 'u32' : 'f32';
  const lines = [
    `alias ${name}_type = ${stored};`,
    `@group(0) @binding(${binding}) var<storage, ${isWritten ? 'read_write' : 'read'}> ${name}: array<${name}_type>;`,
  ];
  if (element === 'number') {
    const number = isHalf ? `unpack2x16float(${name}[i / 2u])[i % 2u]` : `${name}[i]`;
    lines.push(`fn ${name}_number(i: u32) -> f32 { return ${number}; }`);
  } else {
    const vector = isHalf ? 'vec4f(unpack2x16float(v.x), unpack2x16float(v.y))' : 'v';
    lines.push(`fn ${name}_unpack(v: ${stored}) -> vec4f { return ${vector}; }`);
  }
  if (isWritten) {
    const packed = isHalf ? 'vec2u(pack2x16float(v.xy), pack2x16float(v.zw))' : 'v';
    lines.push(`fn ${name}_pack(v: vec4f) -> ${stored} { return ${packed}; }`);
    lines.push(`const ${name}_largest = ${LARGEST[type]};`);
  }
  return lines.join('\n');
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

/** The buffers of a shader, by binding, of which it writes one; those named in `numbers` are read by single numbers. */
export function buffers(names: readonly string[], written: string, numbers: readonly string[] = []): ShaderBuffer[] {
  return names.map((name) => ({
    name,
    isWritten: name === written,
    element: numbers.includes(name) ? 'number' : 'vector',
  }));
}
