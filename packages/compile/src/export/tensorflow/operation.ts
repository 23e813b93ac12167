import type { NodeWriter } from './node-writer.ts';

/** How one graph operation is said in TensorFlow's: writes nodes, answers with the tensors of its outputs. */
export type Operation = (writer: NodeWriter) => string | readonly string[];

/** Rows of the table, by the node's `op`. */
export type OperationTable = Readonly<Record<string, Operation>>;

/** An operation that has the same inputs in the same order in TensorFlow and no attribute but its type. */
export function same(op: string, typedBy: 'input' | 'output' = 'input'): Operation {
  return (w) => w.op(op, w.inputs, { T: w.type(typedBy === 'input' ? w.inputValues[0]! : w.outputs[0]!) });
}
