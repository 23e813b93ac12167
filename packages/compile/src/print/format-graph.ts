import type { Graph, ValueId } from '../graph.ts';
import { columns } from './columns.ts';
import { describeNode, describeValue } from './describe-node.ts';

/** A graph as a table for people: a line for each input, operation and output, with shapes and where each reads from. */
export function formatGraph(graph: Graph): string {
  const names = new Map<ValueId, string>(graph.inputs.map(({ name, value }) => [value, name]));
  for (const id of graph.constants.keys())
    names.set(id, graph.values[id]!.variable ?? `constant ${describeValue(graph, id)}`);
  graph.nodes.forEach(({ outputs }, index) => {
    outputs.forEach((id, position) => {
      names.set(id, outputs.length === 1 ? `%${index}` : `%${index}.${position}`);
    });
  });
  const data = graph.inputs.filter(({ role }) => role === 'data');
  return columns([
    ['', 'layer', 'operation', 'output', 'reads'],
    ...data.map(({ name, value }) => ['', name, 'input', describeValue(graph, value), '']),
    ...graph.nodes.map((node, index) => [
      `%${index}`,
      node.label ?? '',
      describeNode(graph, node),
      node.outputs.map((id) => describeValue(graph, id)).join(' '),
      node.inputs.map((id) => names.get(id)!).join(', '),
    ]),
    ...graph.outputs.map(({ name, value }) => ['', name, 'output', describeValue(graph, value), names.get(value)!]),
  ]);
}
