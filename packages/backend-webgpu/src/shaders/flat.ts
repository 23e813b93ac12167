import { flatWorkgroups, THREADS } from './shader.ts';

/** The head of a shader of one thread an item, whose number is the uniform `count`: layers of all sizes share it. */
export const FLAT_MAIN: string = `@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let item = id.x + id.y * shape.itemsAcross;
  if (item >= shape.count) { return; }`;

/** What {@link FLAT_MAIN} reads, and its workgroups. */
export function flat(count: number): {
  readonly uniforms: { readonly count: number; readonly itemsAcross: number };
  readonly workgroups: readonly [number, number, number];
} {
  const workgroups = flatWorkgroups(count);
  return { uniforms: { count, itemsAcross: workgroups[0] * THREADS }, workgroups };
}
