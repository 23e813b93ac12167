import type { GraphNode, ValueId } from '../graph.ts';
import type { GraphEditor } from './graph-editor.ts';

/** Whether a batch norm's statistics, scale and offset are weights, a number for each channel. */
export function hasKnownStatistics(editor: GraphEditor, { inputs: [x, ...statistics] }: GraphNode): boolean {
  const channels = String([editor.shapeOf(x!).at(-1)]);
  return statistics.every((id) => editor.isWeight(id) && String(editor.shapeOf(id)) === channels);
}

/**
 * A batch norm with known statistics as `x · scale + offset`: γ / √(σ² + ε), and what is left. `bias` is what was added
 * before to the value that `scale` multiplies.
 */
export function batchNormWeights(
  editor: GraphEditor,
  { inputs, attributes, label }: GraphNode,
  bias?: ValueId,
): { readonly scale: ValueId; readonly offset: ValueId } {
  const [, mean, variance, ...rest] = inputs as [ValueId, ValueId, ValueId, ...ValueId[]];
  const offset = attributes['hasOffset'] ? rest[0] : undefined;
  const gamma = attributes['hasScale'] ? rest.at(-1) : undefined;
  const shape = editor.shapeOf(mean);
  const emit = (op: string, operands: ValueId[]): ValueId => editor.emit(op, operands, {}, shape, label);

  const epsilon = editor.constant(new Float32Array([attributes['varianceEpsilon'] as number]), []);
  const inverse = emit('Rsqrt', [emit('Add', [variance, epsilon])]);
  const scale = gamma === undefined ? inverse : emit('Multiply', [gamma, inverse]);
  const shift = bias === undefined ? emit('Neg', [mean]) : emit('Sub', [bias, mean]);
  const scaled = emit('Multiply', [shift, scale]);
  return { scale, offset: offset === undefined ? scaled : emit('Add', [scaled, offset]) };
}
