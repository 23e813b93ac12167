/**
 * A computation as data: what `trace` records, what the passes rewrite and what engines and exporters read.
 * Plain objects and typed arrays only, so a graph can be stored, sent to a worker, or handed to another runtime as JSON.
 */
export type ValueId = number;

export type GraphDtype = 'float32' | 'int32' | 'bool';

/** A tensor in the graph: images are NHWC, convolution filters HWIO (`[h, w, in / groups, out]`), matrices `[in, out]`. */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: GraphDtype;
}

export type Attribute = number | boolean | string | readonly number[] | readonly (readonly number[])[];

/** One operation. `op` is the tfjs kernel name (`Conv2D`, `FusedConv2D`, `MaxPool`, …). */
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Where in the model it was recorded, e.g. `layer1.0.conv1`; for people, not unique. */
  readonly label?: string;
}

/** A named graph input: `data` changes from run to run, `parameter` is bound once, by name, when an engine compiles. */
export interface GraphInput {
  readonly name: string;
  readonly role: 'data' | 'parameter';
  readonly value: ValueId;
}

export interface GraphOutput {
  readonly name: string;
  readonly value: ValueId;
}

export interface Graph {
  /** Indexed by `ValueId`. */
  readonly values: readonly Value[];
  /** In an order in which each node's inputs are already there. */
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  /** Values known before any run, row-major. */
  readonly constants: ReadonlyMap<ValueId, Float32Array | Int32Array | Uint8Array>;
}
