import type { Attributes, ConstantData, Graph, GraphDtype, GraphNode, Value } from '../../graph.ts';
import { UnsupportedOperationError } from '../unsupported-operation-error.ts';
import type { GraphWriter, NodeAttribute } from './graph-writer.ts';
import type { DataType } from './proto-fields.ts';
import { type FloatType, type TensorTable, typeIn, writeConstant } from './tensor-table.ts';

/** What is fixed for a whole GraphDef. */
export interface GraphContext {
  readonly graph: Graph;
  readonly writer: GraphWriter;
  readonly tensors: TensorTable;
  /** Type that a node computes its float32 values in. */
  readonly floatType: (node: GraphNode) => FloatType;
  /** The leading size that stands for any number of pictures, if the batch is left open. */
  readonly openBatch: number | undefined;
}

/** What a row of the table of operations has at hand to write one node. */
export class NodeWriter {
  readonly node: GraphNode;
  readonly attributes: Attributes;
  /** Type of the node's float32 values. */
  readonly floatType: FloatType;
  readonly inputValues: readonly Value[];
  readonly outputs: readonly Value[];
  readonly #context: GraphContext;

  constructor(context: GraphContext, node: GraphNode) {
    this.#context = context;
    this.node = node;
    this.attributes = node.attributes;
    this.inputValues = node.inputs.map((id) => context.graph.values[id]!);
    this.outputs = node.outputs.map((id) => context.graph.values[id]!);
    this.floatType = context.floatType(node);
  }

  /** TensorFlow's names of the node's inputs, all of the node's type. */
  get inputs(): readonly string[] {
    return this.node.inputs.map((_, index) => this.input(index));
  }

  /** Writes a TensorFlow node and answers with the name of its first output. */
  op(name: string, inputs: readonly string[], attributes: Readonly<Record<string, NodeAttribute>> = {}): string {
    const { label, op } = this.node;
    return this.#context.writer.node(`${label ?? op}/${name}`, name, inputs, attributes);
  }

  /** TensorFlow's name of input number `index`, cast where it is of another type. */
  input(index: number, floatType: FloatType = this.floatType): string {
    return this.#context.tensors.get(this.node.inputs[index]!, floatType, `${this.#prefix}/input_${index}`);
  }

  /** `T`-like attribute of a value's type. */
  type({ dtype }: { readonly dtype: GraphDtype }): { readonly type: DataType } {
    return { type: typeIn(this.floatType, dtype) };
  }

  /** A constant int32 vector, or matrix of rows. */
  ints(values: readonly number[] | readonly (readonly number[])[]): string {
    const rows = values.length > 0 && Array.isArray(values[0]);
    const shape = rows ? [values.length, (values[0] as readonly number[]).length] : [values.length];
    return this.#constant('ints', 'int32', shape, Int32Array.from(values.flat()));
  }

  int(value: number): string {
    return this.#constant('int', 'int32', [], Int32Array.of(value));
  }

  scalar(value: number, dtype: GraphDtype): string {
    return this.#constant('scalar', dtype, [], dataOf(dtype, [value]));
  }

  /** A float32 constant, in the node's type unless another is given. */
  constant(shape: readonly number[], values: ArrayLike<number>, floatType: FloatType = this.floatType): string {
    const { writer } = this.#context;
    return writeConstant(writer, `${this.#prefix}/constant`, floatType, shape, Float32Array.from(values));
  }

  /** Type of output number `index`: what a node on pictures says of their channels, such as a mean, is float32. */
  outputType(index: number): DataType {
    const { dtype, shape } = this.outputs[index]!;
    return typeIn(shape.length === 4 ? this.floatType : 'float32', dtype);
  }

  /** The shape `to` that is made of one of `from`, its leading size −1 where that is the open batch. */
  shape(to: readonly number[], from: readonly number[] = this.inputValues[0]!.shape): number[] {
    if (!this.isOpen(from)) return [...to];
    if (!this.isOpen(to)) throw this.unsupported();
    return [-1, ...to.slice(1)];
  }

  /** A shape that TensorFlow is told in numbers, which an open batch has not. */
  fixedShape(shape: readonly number[]): readonly number[] {
    if (this.isOpen(shape)) throw this.unsupported();
    return shape;
  }

  /** Whether axis 0 of a shape is the open batch. */
  isOpen(shape: readonly number[]): boolean {
    return this.#context.openBatch !== undefined && shape[0] === this.#context.openBatch;
  }

  /** The shape `to` of the same numbers, its leading size −1 where the open batch may be a factor of it. */
  reshaped(to: readonly number[]): number[] {
    const from = this.inputValues[0]!.shape;
    const batch = this.#context.openBatch;
    const mayHoldBatch = [from, to].every(([size]) => batch !== undefined && size !== undefined && size % batch === 0);
    if (mayHoldBatch) return [-1, ...to.slice(1)];
    return this.shape(to, from);
  }

  unsupported(): UnsupportedOperationError {
    return new UnsupportedOperationError(this.node.op, this.node.label, 'TensorFlow');
  }

  #constant(name: string, dtype: GraphDtype, shape: readonly number[], data: ConstantData): string {
    return writeConstant(this.#context.writer, `${this.#prefix}/${name}`, typeIn(this.floatType, dtype), shape, data);
  }

  get #prefix(): string {
    return this.node.label ?? this.node.op;
  }
}

function dataOf(dtype: GraphDtype, values: ArrayLike<number>): ConstantData {
  if (dtype === 'float32') return Float32Array.from(values);
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}
