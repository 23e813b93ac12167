/** A WGSL compute shader with entry `main`, specialised for its shapes, and how many workgroups it takes. */
export interface Shader {
  readonly code: string;
  readonly workgroups: readonly [number, number, number];
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

/** Declares the buffers of a shader, by binding; the last is the one it writes unless `written` says otherwise. */
export function buffers(
  names: readonly string[],
  written: string,
  types: Readonly<Record<string, string>> = {},
): string {
  return names
    .map((name, binding) => {
      const access = name === written ? 'read_write' : 'read';
      return `@group(0) @binding(${binding}) var<storage, ${access}> ${name}: array<${types[name] ?? 'vec4f'}>;`;
    })
    .join('\n');
}
