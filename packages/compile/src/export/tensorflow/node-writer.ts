import type { Attributes, Graph, GraphDtype, GraphNode, Value, ValueId } from '../../graph.ts';
import { UnsupportedOperationError } from '../unsupported-operation-error.ts';
import type { GraphWriter, NodeAttribute } from './graph-writer.ts';
import type { DataType } from './proto-fields.ts';

/** What is fixed for a whole GraphDef. */
export interface GraphContext {
  readonly graph: Graph;
  readonly writer: GraphWriter;
  /** Type of everything that is float32 in the graph. */
  readonly floatType: 'float32' | 'bfloat16';
  /** TensorFlow's names of values that are there already. */
  readonly tensors: Map<ValueId, string>;
  /** The leading size that stands for any number of pictures, if the batch is left open. */
  readonly openBatch: number | undefined;
}

/** What a row of the table of operations has at hand to write one node. */
export class NodeWriter {
  readonly node: GraphNode;
  readonly attributes: Attributes;
  /** TensorFlow's names of the node's inputs. */
  readonly inputs: readonly string[];
  readonly inputValues: readonly Value[];
  readonly outputs: readonly Value[];
  readonly #context: GraphContext;

  constructor(context: GraphContext, node: GraphNode) {
    this.#context = context;
    this.node = node;
    this.attributes = node.attributes;
    this.inputs = node.inputs.map((id) => context.tensors.get(id)!);
    this.inputValues = node.inputs.map((id) => context.graph.values[id]!);
    this.outputs = node.outputs.map((id) => context.graph.values[id]!);
  }

  /** Writes a TensorFlow node and answers with the name of its first output. */
  op(name: string, inputs: readonly string[], attributes: Readonly<Record<string, NodeAttribute>> = {}): string {
    const { label, op } = this.node;
    return this.#context.writer.node(`${label ?? op}/${name}`, name, inputs, attributes);
  }

  /** `T`-like attribute of a value's type. */
  type({ dtype }: { readonly dtype: GraphDtype }): { readonly type: DataType } {
    return { type: dtype === 'float32' ? this.#context.floatType : dtype };
  }

  /** A constant int32 vector, or matrix of rows. */
  ints(values: readonly number[] | readonly (readonly number[])[]): string {
    const rows = values.length > 0 && Array.isArray(values[0]);
    const shape = rows ? [values.length, (values[0] as readonly number[]).length] : [values.length];
    return constant(this.#context, `${this.#prefix}/ints`, 'int32', shape, Int32Array.from(values.flat()));
  }

  int(value: number): string {
    return constant(this.#context, `${this.#prefix}/int`, 'int32', [], Int32Array.of(value));
  }

  scalar(value: number, dtype: GraphDtype): string {
    return constant(this.#context, `${this.#prefix}/scalar`, dtype, [], dataOf(dtype, [value]));
  }

  constant(dtype: GraphDtype, shape: readonly number[], values: ArrayLike<number>): string {
    return constant(this.#context, `${this.#prefix}/constant`, dtype, shape, dataOf(dtype, values));
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

  unsupported(): UnsupportedOperationError {
    return new UnsupportedOperationError(this.node.op, this.node.label, 'TensorFlow');
  }

  get #prefix(): string {
    return this.node.label ?? this.node.op;
  }
}

/** Writes a `Const`; float32 data becomes the graph's float type. */
export function constant(
  { writer, floatType }: GraphContext,
  name: string,
  dtype: GraphDtype,
  shape: readonly number[],
  data: Float32Array | Int32Array | Uint8Array,
): string {
  const isNarrowed = dtype === 'float32' && floatType === 'bfloat16';
  const type = isNarrowed ? 'bfloat16' : dtype;
  const array = isNarrowed ? toBfloat16(data as Float32Array) : data;
  const content = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return writer.node(name, 'Const', [], { dtype: { type }, value: { tensor: { dtype: type, shape, content } } });
}

function dataOf(dtype: GraphDtype, values: ArrayLike<number>): Float32Array | Int32Array | Uint8Array {
  if (dtype === 'float32') return Float32Array.from(values);
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}

/** Rounds to nearest, ties to even, as hardware does; NaN stays NaN. */
export function toBfloat16(data: Float32Array): Uint16Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  return Uint16Array.from(bits, (word) =>
    (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16,
  );
}
