import type { Attributes, ConstantData, Graph, GraphDtype, GraphNode, Value, ValueId } from '../../graph.ts';
import { UnsupportedOperationError } from '../unsupported-operation-error.ts';
import type { ModelWriter, OnnxAttribute } from './model-writer.ts';

/**
 * How a value's axes lie in the model: `image` is ONNX's order for pictures, `[N, C, H, W]`, where the graph has
 * `[N, H, W, C]`; `plain` is the graph's own.
 */
export type Layout = 'image' | 'plain';

/** What is fixed for a whole model. */
export interface OnnxContext {
  readonly graph: Graph;
  readonly model: ModelWriter;
  /** ONNX's names of values that are there already, by layout. */
  readonly names: Map<ValueId, Partial<Record<Layout, string>>>;
  /** The leading size that stands for any number of pictures, if the batch is left open. */
  readonly openBatch: number | undefined;
}

/** What a row of the table of operations has at hand to write one node. */
export class OnnxNodeWriter {
  readonly node: GraphNode;
  readonly attributes: Attributes;
  readonly inputValues: readonly Value[];
  readonly outputs: readonly Value[];
  readonly #context: OnnxContext;

  constructor(context: OnnxContext, node: GraphNode) {
    this.#context = context;
    this.node = node;
    this.attributes = node.attributes;
    this.inputValues = node.inputs.map((id) => context.graph.values[id]!);
    this.outputs = node.outputs.map((id) => context.graph.values[id]!);
  }

  /** Writes ONNX nodes of one output and answers with its name. */
  op(name: string, inputs: readonly string[], attributes: Readonly<Record<string, OnnxAttribute>> = {}): string {
    return this.ops(name, inputs, 1, attributes)[0]!;
  }

  ops(
    name: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string[] {
    const { model } = this.#context;
    const outputs = Array.from({ length: count }, () => model.unique(`${this.#prefix}/${name}`));
    model.node(name, inputs, outputs, attributes);
    return outputs;
  }

  /** Says what the node's output number `index` is called. */
  output(name: string, layout: Layout, index = 0): void {
    this.#context.names.set(this.node.outputs[index]!, { [layout]: name });
  }

  /** The name of input number `index` in a layout, moved there where it is in the other. */
  input(index: number, layout: Layout): string {
    return valueIn(this.#context, this.node.inputs[index]!, layout, this.#prefix);
  }

  /** The name of an operand that broadcasts against pictures in `[N, C, H, W]`. */
  imageOperand(index: number): string {
    const { shape } = this.inputValues[index]!;
    if (shape.length === 4) return this.input(index, 'image');
    if (shape.length === 0) return this.input(index, 'plain');
    const whole = [...new Array<number>(4 - shape.length).fill(1), ...shape];
    const data = this.constantOf(index);
    if (data !== undefined) {
      const { data: turned, shape: turnedShape } = toImage(data, whole);
      return this.initializer('constant', this.inputValues[index]!.dtype, turnedShape, turned);
    }
    return this.op('Transpose', [this.op('Reshape', [this.input(index, 'plain'), this.ints(whole)])], {
      perm: [0, 3, 1, 2],
    });
  }

  /** Whether to write this element-by-element node on pictures as they are, rather than turn them. */
  prefersImage(): boolean {
    if (this.outputs[0]!.shape.length !== 4) return false;
    return this.node.inputs.some(
      (id) => this.#context.names.get(id)?.image !== undefined && !this.#context.graph.constants.has(id),
    );
  }

  constantOf(index: number): ConstantData | undefined {
    return this.#context.graph.constants.get(this.node.inputs[index]!);
  }

  initializer(part: string, dtype: GraphDtype, shape: readonly number[], data: ConstantData): string {
    return this.#context.model.initializer(`${this.#prefix}.${part}`, dtype, shape, data);
  }

  /** A constant int64 vector, as ONNX takes shapes, axes and sizes. */
  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, (value) => BigInt(value));
    return this.#context.model.initializer(`${this.#prefix}.ints`, 'int64', [values.length], data);
  }

  scalar(value: number, dtype: GraphDtype = 'float32'): string {
    const data = dtype === 'float32' ? Float32Array.of(value) : Int32Array.of(value);
    return this.initializer('scalar', dtype, [], data);
  }

  /** Whether axis 0 of a shape is the open batch. */
  isOpen(shape: readonly number[]): boolean {
    return this.#context.openBatch !== undefined && shape[0] === this.#context.openBatch;
  }

  /** Whether the open batch may be a factor of axis 0 of a shape, the slowest in memory. */
  mayHoldBatch([size]: readonly number[]): boolean {
    const batch = this.#context.openBatch;
    return batch !== undefined && size !== undefined && size % batch === 0;
  }

  unsupported(): UnsupportedOperationError {
    return new UnsupportedOperationError(this.node.op, this.node.label, 'ONNX');
  }

  get #prefix(): string {
    return this.node.label ?? this.node.op;
  }
}

export function valueIn(context: OnnxContext, id: ValueId, layout: Layout, prefix: string): string {
  const { graph, model, names } = context;
  const known = names.get(id) ?? {};
  const found = known[layout];
  if (found !== undefined) return found;
  const { shape, dtype } = graph.values[id]!;
  const data = graph.constants.get(id);
  const other = known[layout === 'image' ? 'plain' : 'image'];
  let name: string;
  if (data !== undefined) {
    const laid = layout === 'image' ? toImage(data, shape) : { data, shape };
    name = model.initializer(`${prefix}.constant`, dtype, laid.shape, laid.data);
  } else if (shape.length !== 4) {
    name = other!;
  } else {
    name = model.unique(`${other!}_${layout}`);
    model.node('Transpose', [other!], [name], { perm: layout === 'image' ? [0, 3, 1, 2] : [0, 2, 3, 1] });
  }
  names.set(id, { ...known, [layout]: name });
  return name;
}

/** `[N, H, W, C]` as `[N, C, H, W]`. */
function toImage(data: ConstantData, shape: readonly number[]): { data: ConstantData; shape: number[] } {
  return { data: permuted(data, shape, [0, 3, 1, 2]), shape: [0, 3, 1, 2].map((axis) => shape[axis]!) };
}

/** The elements in the order that a transposition by `perm` gives. */
export function permuted<Data extends ConstantData>(
  data: Data,
  shape: readonly number[],
  perm: readonly number[],
): Data {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const sizes = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const result = data.slice() as Data;
  const counters = sizes.map(() => 0);
  let source = 0;
  for (let index = 0; index < data.length; index++) {
    result[index] = data[source]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      source += steps[axis]!;
      counters[axis] = counters[axis]! + 1;
      if (counters[axis]! < sizes[axis]!) break;
      source -= steps[axis]! * sizes[axis]!;
      counters[axis] = 0;
    }
  }
  return result;
}
