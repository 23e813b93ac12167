import type { Graph, GraphNode, ValueId } from '../graph.ts';

/** Drops what no output depends on: nodes, constants and parameters (data inputs stay), and numbers the values anew. */
export function dropDeadCode(graph: Graph): Graph {
  const live = new Set<ValueId>(graph.outputs.map(({ value }) => value));
  const nodes: GraphNode[] = []; // the last first
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((id) => live.has(id))) continue;
    nodes.push(node);
    for (const id of [...node.inputs, ...node.outputs]) live.add(id);
  }
  for (const { role, value } of graph.inputs) if (role === 'data') live.add(value);

  const kept = graph.values.flatMap((value, id) => (live.has(id) ? [{ value, id }] : []));
  const renumbered = new Map(kept.map(({ id }, index) => [id, index]));
  const at = (id: ValueId): ValueId => renumbered.get(id)!;
  return {
    values: kept.map(({ value }) => value),
    nodes: nodes.reverse().map((node) => ({ ...node, inputs: node.inputs.map(at), outputs: node.outputs.map(at) })),
    inputs: graph.inputs.filter(({ value }) => live.has(value)).map((input) => ({ ...input, value: at(input.value) })),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: at(value) })),
    constants: new Map([...graph.constants].filter(([id]) => live.has(id)).map(([id, data]) => [at(id), data])),
  };
}
