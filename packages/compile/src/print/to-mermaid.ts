import type { Graph, ValueId } from '../graph.ts';
import { describeNode, describeValue } from './describe-node.ts';

/**
 * A graph as a Mermaid flowchart, which GitHub, editors and mermaid.live draw; edges carry shapes, weights are left out.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function toMermaid(graph: Graph): string {
  const sources = new Map<ValueId, string>();
  const lines = ['flowchart TD'];
  graph.inputs
    .filter(({ role }) => role === 'data')
    .forEach(({ name, value }, index) => {
      sources.set(value, `in${index}`);
      lines.push(`  in${index}([${quoted(name)}])`);
    });
  graph.nodes.forEach((node, index) => {
    const reads = node.inputs.filter((id) => sources.has(id));
    if (reads.length === 0) return;
    for (const id of node.outputs) sources.set(id, `n${index}`);
    const text = [node.label, describeNode(graph, node)].filter(Boolean).join('<br>');
    lines.push(`  n${index}[${quoted(text)}]`);
    for (const id of reads) lines.push(`  ${sources.get(id)} -->|${quoted(describeValue(graph, id))}| n${index}`);
  });
  graph.outputs.forEach(({ name, value }, index) => {
    const source = sources.get(value);
    lines.push(`  out${index}([${quoted(name)}])`);
    if (source !== undefined) lines.push(`  ${source} -->|${quoted(describeValue(graph, value))}| out${index}`);
  });
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '#quot;')}"`;
}
