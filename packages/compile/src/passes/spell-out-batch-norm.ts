import type { Graph } from '../graph.ts';
import { batchNormWeights, hasKnownStatistics } from './batch-norm-weights.ts';
import { GraphEditor } from './graph-editor.ts';

/**
 * Makes batch norm with known statistics that follows no convolution, as in a network that normalises first,
 * `x · scale + offset` by channel, of which `bind` evaluates both.
 */
export function spellOutBatchNorm(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of graph.nodes) {
    if (node.op !== 'FusedBatchNorm' || !hasKnownStatistics(editor, node)) {
      editor.push(node);
      continue;
    }
    const { scale, offset } = batchNormWeights(editor, node);
    editor.push({
      ...node,
      op: 'ScaleOffset',
      inputs: [node.inputs[0]!, scale, offset],
      attributes: { activation: 'linear' },
    });
  }
  return editor.finish();
}
