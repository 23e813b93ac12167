import type { Graph, GraphNode, ValueId } from '@residual/compile';
import { UnsupportedOperationError } from '@residual/compile/onnx';
import { TfliteModelWriter } from './model-writer.ts';
import { ACTIVATION, FIELD, PADDING } from './schema.ts';
import type { Field } from './table-builder.ts';

type Pair = readonly [number, number];

/** What `optimize` leaves of the nodes that ResNets are made of; see `GraphNode` for the attributes. */
interface WindowAttributes {
  readonly strides: Pair;
  readonly pad: readonly [Pair, Pair];
}
interface ConvolutionAttributes extends WindowAttributes {
  readonly dilations: Pair;
  readonly hasBias: boolean;
  readonly hasResidual: boolean;
  readonly activation: keyof typeof ACTIVATION;
}
interface PoolAttributes extends WindowAttributes {
  readonly filterSize: Pair;
}
interface MatrixAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly hasBias: boolean;
  readonly activation: keyof typeof ACTIVATION;
}

/**
 * Writes a bound graph (`bind(optimize(graph), weights)`) of a plain ResNet as a TFLite model, for LiteRT; shapes stay as
 * they were traced. As TensorFlow's converter does it: a padding that is not TensorFlow's `SAME` is an operator of its own,
 * and so is the addition of a shortcut, with the activation.
 *
 * @throws UnsupportedOperationError where a node is none of a plain ResNet's
 */
export function tfliteModel(graph: Graph): Uint8Array {
  const context = new TfliteContext(graph);
  const inputs = graph.inputs.map(({ value }) => context.tensor(value));
  for (const node of graph.nodes) {
    const write = operations[node.op];
    if (write === undefined) throw unsupported(node);
    write(context, node);
  }
  const outputs = graph.outputs.map(({ value }) => context.tensor(value));
  return context.writer.encode(inputs, outputs, 'residual bench');
}

class TfliteContext {
  readonly graph: Graph;
  readonly writer: TfliteModelWriter = new TfliteModelWriter();
  readonly #tensors = new Map<ValueId, number>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  shapeOf(id: ValueId): readonly number[] {
    return this.graph.values[id]!.shape;
  }

  /** The tensor of a value that is computed or given. */
  tensor(id: ValueId): number {
    let tensor = this.#tensors.get(id);
    if (tensor === undefined) {
      tensor = this.writer.tensor({ name: `value ${id}`, dtype: 'float32', shape: this.shapeOf(id) });
      this.#tensors.set(id, tensor);
    }
    return tensor;
  }

  weights(node: GraphNode, input: number): Float32Array {
    const data = this.graph.constants.get(node.inputs[input]!);
    if (data instanceof Float32Array) return data;
    throw unsupported(node);
  }

  constant(name: string, shape: readonly number[], data: Float32Array | Int32Array): number {
    return this.writer.tensor({ name, shape, data, dtype: data instanceof Float32Array ? 'float32' : 'int32' });
  }
}

type Write = (context: TfliteContext, node: GraphNode) => void;

const operations: Readonly<Record<string, Write>> = {
  FusedConv2D: convolution,
  MaxPool: pool,
  AvgPool: pool,
  PadV2: pad,
  Mean: mean,
  FusedMatMul: fullyConnected,
};

function convolution(context: TfliteContext, node: GraphNode): void {
  const attributes = attributesOf<ConvolutionAttributes>(node);
  const { strides, dilations, hasBias, hasResidual, activation } = attributes;
  const { writer } = context;
  const [height, width, perGroup, channels] = context.shapeOf(node.inputs[1]!) as [number, number, number, number];
  const reach: Pair = [(height - 1) * dilations[0] + 1, (width - 1) * dilations[1] + 1];
  const { input, padding } = padded(context, node, attributes, reach);
  const filter = transposed(context.weights(node, 1), channels);
  const bias = hasBias ? context.weights(node, 2) : new Float32Array(channels);
  const output = context.tensor(node.outputs[0]!);
  const sums = hasResidual
    ? writer.tensor({ name: `${node.label} sums`, dtype: 'float32', shape: context.shapeOf(node.outputs[0]!) })
    : output;
  const { Conv2DOptions, AddOptions } = FIELD;
  writer.operator(
    'CONV_2D',
    [
      input,
      context.constant(`${node.label} filter`, [channels, height, width, perGroup], filter),
      context.constant(`${node.label} bias`, [channels], bias),
    ],
    [sums],
    [
      [Conv2DOptions.padding, 'int8', padding],
      [Conv2DOptions.strideW, 'int32', strides[1]],
      [Conv2DOptions.strideH, 'int32', strides[0]],
      [Conv2DOptions.activation, 'int8', hasResidual ? ACTIVATION.linear : ACTIVATION[activation]],
      [Conv2DOptions.dilationW, 'int32', dilations[1]],
      [Conv2DOptions.dilationH, 'int32', dilations[0]],
    ],
  );
  if (!hasResidual) return;
  const shortcut = context.tensor(node.inputs[hasBias ? 3 : 2]!);
  writer.operator('ADD', [sums, shortcut], [output], [[AddOptions.activation, 'int8', ACTIVATION[activation]]]);
}

function pool(context: TfliteContext, node: GraphNode): void {
  const attributes = attributesOf<PoolAttributes>(node);
  const { filterSize, strides, pad } = attributes;
  const isMaximum = node.op === 'MaxPool';
  // Zeros take the place of -∞ where the input is a ReLU's; an average would count them.
  const maker = context.graph.nodes.find(({ outputs }) => outputs.includes(node.inputs[0]!));
  const hasZeros = pad.some(([before, after]) => before + after > 0);
  if (hasZeros && !(isMaximum && String(maker?.attributes['activation']).startsWith('relu'))) {
    throw unsupported(node);
  }
  const { input, padding } = padded(context, node, attributes, filterSize);
  const { Pool2DOptions } = FIELD;
  context.writer.operator(
    isMaximum ? 'MAX_POOL_2D' : 'AVERAGE_POOL_2D',
    [input],
    [context.tensor(node.outputs[0]!)],
    [
      [Pool2DOptions.padding, 'int8', padding],
      [Pool2DOptions.strideW, 'int32', strides[1]],
      [Pool2DOptions.strideH, 'int32', strides[0]],
      [Pool2DOptions.filterWidth, 'int32', filterSize[1]],
      [Pool2DOptions.filterHeight, 'int32', filterSize[0]],
    ],
  );
}

function pad(context: TfliteContext, node: GraphNode): void {
  const { paddings, constantValue } = attributesOf<{ paddings: readonly Pair[]; constantValue: number }>(node);
  if (constantValue !== 0) throw unsupported(node);
  const inputs = [context.tensor(node.inputs[0]!), constantPaddings(context, paddings)];
  context.writer.operator('PAD', inputs, [context.tensor(node.outputs[0]!)]);
}

function mean(context: TfliteContext, node: GraphNode): void {
  const { axis, keepDims } = attributesOf<{ axis: readonly number[]; keepDims: boolean }>(node);
  const axes = context.constant('axes', [axis.length], Int32Array.from(axis));
  const inputs = [context.tensor(node.inputs[0]!), axes];
  const options: Field = [FIELD.ReducerOptions.keepDims, 'int8', Number(keepDims)];
  context.writer.operator('MEAN', inputs, [context.tensor(node.outputs[0]!)], [options]);
}

function fullyConnected(context: TfliteContext, node: GraphNode): void {
  const { transposeA, transposeB, hasBias, activation } = attributesOf<MatrixAttributes>(node);
  if (transposeA || !hasBias) throw unsupported(node);
  const given = context.weights(node, 1);
  const [rows, columns] = context.shapeOf(node.inputs[1]!) as [number, number];
  const [outputs, inputs] = transposeB ? [rows, columns] : [columns, rows];
  context.writer.operator(
    'FULLY_CONNECTED',
    [
      context.tensor(node.inputs[0]!),
      context.constant(`${node.label} weights`, [outputs, inputs], transposeB ? given : transposed(given, outputs)),
      context.constant(`${node.label} bias`, [outputs], context.weights(node, 2)),
    ],
    [context.tensor(node.outputs[0]!)],
    [[FIELD.FullyConnectedOptions.activation, 'int8', ACTIVATION[activation]]],
  );
}

function attributesOf<Of>({ attributes }: GraphNode): Of {
  return attributes as unknown as Of;
}

function unsupported({ op, label }: GraphNode): UnsupportedOperationError {
  return new UnsupportedOperationError(op, label, 'TFLite');
}

/** The input of a window with the padding that the window's operator can't say, and what it is to say. */
function padded(
  context: TfliteContext,
  node: GraphNode,
  { strides, pad }: WindowAttributes,
  reach: Pair,
): { input: number; padding: number } {
  const value = node.inputs[0]!;
  const input = context.tensor(value);
  if (pad.every(([before, after]) => before + after === 0)) return { input, padding: PADDING.valid };
  const [batch, height, width, channels] = context.shapeOf(value) as [number, number, number, number];
  const isSame = pad.every(([before, after], axis) => {
    const size = [height, width][axis]!;
    const all = Math.max((Math.ceil(size / strides[axis]!) - 1) * strides[axis]! + reach[axis]! - size, 0);
    return before === all >> 1 && after === all - before;
  });
  if (isSame) return { input, padding: PADDING.same };
  const [rows, columns] = pad;
  const shape = [batch, height + rows[0] + rows[1], width + columns[0] + columns[1], channels];
  const output = context.writer.tensor({ name: `${node.label} padded`, dtype: 'float32', shape });
  const paddings = constantPaddings(context, [[0, 0], rows, columns, [0, 0]]);
  context.writer.operator('PAD', [input, paddings], [output]);
  return { input: output, padding: PADDING.valid };
}

function constantPaddings(context: TfliteContext, paddings: readonly Pair[]): number {
  return context.constant('paddings', [paddings.length, 2], Int32Array.from(paddings.flat()));
}

/** Output channels from last to first: `[…, out]` to `[out, …]`. */
function transposed(weights: Float32Array, outputs: number): Float32Array {
  const inputs = weights.length / outputs;
  const turned = new Float32Array(weights.length);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) turned[o * inputs + i] = weights[i * outputs + o]!;
  }
  return turned;
}
