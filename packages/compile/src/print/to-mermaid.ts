import type { Graph } from '../graph.ts';
import { type Box, drawingOf } from './drawing.ts';

const prefixes = { input: 'in', node: 'n', output: 'out' } as const;

/**
 * A graph as a Mermaid flowchart, which GitHub, editors and mermaid.live draw; edges carry shapes, weights are left out.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function toMermaid(graph: Graph): string {
  const boxes = drawingOf(graph);
  const lines = boxes.flatMap((box) => {
    const text = quoted(box.lines.join('<br>'));
    const shape = box.kind === 'node' ? `[${text}]` : `([${text}])`;
    const edges = box.reads.map((edge) => `${nameOf(boxes[edge.from]!)} -->|${quoted(edge.text)}| ${nameOf(box)}`);
    return [`${nameOf(box)}${shape}`, ...edges];
  });
  return `${['flowchart TD', ...lines.map((line) => `  ${line}`)].join('\n')}\n`;
}

function nameOf({ kind, index }: Box): string {
  return `${prefixes[kind]}${index}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '#quot;')}"`;
}
