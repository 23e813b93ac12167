import type { OnnxNodeWriter } from './node-writer.ts';

/** How one graph operation is said in ONNX's: writes nodes, and says what its outputs are called. */
export type OnnxOperation = (writer: OnnxNodeWriter) => void;

/** Rows of the table, by the node's `op`. */
export type OnnxOperationTable = Readonly<Record<string, OnnxOperation>>;
