import type { ConstantData, Graph } from '../graph.ts';

/**
 * The graph with only those outputs that its nodes compute, each once: what an engine has to compile.
 * `makeExecutable` fills in the others, which are inputs, constants, or an output under another name.
 */
export function computedOutputs(graph: Graph): Graph {
  const computed = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  return { ...graph, outputs: graph.outputs.filter(({ value }) => computed.delete(value)) };
}

/** Completes an engine's results; arrays that are not of its making are copied. */
export function withOtherOutputs(
  graph: Graph,
  inputs: Readonly<Record<string, ConstantData>>,
  results: Readonly<Record<string, ConstantData>>,
): Record<string, ConstantData> {
  const nameOf = new Map(graph.inputs.map(({ name, value }) => [value, name]));
  return Object.fromEntries(
    graph.outputs.map(({ name, value }) => {
      if (results[name] !== undefined) return [name, results[name]];
      const twin = graph.outputs.find((output) => output.value === value && results[output.name] !== undefined);
      const source = twin ? results[twin.name] : (inputs[nameOf.get(value) ?? ''] ?? graph.constants.get(value));
      return [name, source!.slice()];
    }),
  );
}
