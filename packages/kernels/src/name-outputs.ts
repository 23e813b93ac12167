import type { KernelGraph } from './kernel-graph.ts';

export type NamedOutputs = Record<string, Float32Array<ArrayBuffer>>;

/** Gives the computed arrays their names, and adds copies of the outputs that are constants. */
export function outputNamer(
  graph: Pick<KernelGraph, 'outputs' | 'constants'>,
): (computed: readonly Float32Array<ArrayBuffer>[]) => NamedOutputs {
  const sources = graph.outputs.map(({ name, value }) => ({ name, constant: graph.constants.get(value) }));
  return (computed) => {
    const rest = [...computed];
    return Object.fromEntries(
      sources.map(({ name, constant }) => [name, constant === undefined ? rest.shift()! : Float32Array.from(constant)]),
    );
  };
}
