import type { Graph, GraphDtype, ValueId } from '../graph.ts';
import { type Encoded, entries, fields, integer, joined, message, text } from './protobuf.ts';
import { arrayOperations } from './tensorflow/arrays.ts';
import { elementwiseOperations } from './tensorflow/elementwise.ts';
import { GraphWriter, tensorInfo } from './tensorflow/graph-writer.ts';
import { constant, type GraphContext, NodeWriter } from './tensorflow/node-writer.ts';
import { FIELD } from './tensorflow/proto-fields.ts';
import { windowOperations } from './tensorflow/windows.ts';
import { UnsupportedOperationError } from './unsupported-operation-error.ts';

export { UnsupportedOperationError } from './unsupported-operation-error.ts';

export interface SavedModelOptions {
  /** Type that everything between inputs and outputs is computed in. Default `float32`. */
  readonly precision?: 'float32' | 'bfloat16';
  /** Leaves the leading size of data and outputs open, whatever the graph was traced for. Default true. */
  readonly openBatch?: boolean;
  /**
   * Whether float32 constants (weights) lie in the file, or are fed by whoever runs it. In the file is faster on a CPU,
   * where TensorFlow prepares them once, and costs several times their size in memory. Default `constants`.
   */
  readonly weights?: 'constants' | 'inputs';
}

/** A SavedModel with one signature, `serving_default`, tagged `serve`. */
export interface SavedModel {
  /** The file `saved_model.pb`, in pieces to be written one after another. */
  readonly chunks: readonly Uint8Array[];
  readonly sizeBytes: number;
  /** TensorFlow's tensors, by the names of the graph's inputs and outputs. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
  /** TensorFlow's tensors of the constants that are to be fed, by their value in the graph. */
  readonly weights: ReadonlyMap<ValueId, string>;
}

/**
 * Writes a bound graph (`bind(optimize(graph), weights)`) as a TensorFlow SavedModel: what TensorFlow, TensorFlow Serving
 * and tfjs-node load. Parameters that are not bound are inputs of the signature, as data are.
 *
 * @throws UnsupportedOperationError where an operation has no counterpart, or one that would fix an open batch.
 * @see https://www.tensorflow.org/guide/saved_model
 */
export function savedModel(graph: Graph, options: SavedModelOptions = {}): SavedModel {
  const { precision = 'float32', openBatch = true, weights = 'constants' } = options;
  const context: GraphContext = {
    graph,
    writer: new GraphWriter(),
    floatType: precision,
    tensors: new Map(),
    openBatch: openBatch ? batchOf(graph) : undefined,
  };
  const inputs = graph.inputs.map(({ name, value }) => writeInput(context, name, value));
  const fed = writeConstants(context, weights === 'inputs');
  writeNodes(context);
  const outputs = writeOutputs(context);
  const encoded = encode(context, [...inputs, ...fed.values()], outputs);
  return {
    chunks: joined(encoded),
    sizeBytes: encoded.sizeBytes,
    inputs: tensorsByName(inputs),
    outputs: tensorsByName(outputs),
    weights: new Map([...fed].map(([id, { tensor }]) => [id, tensor])),
  };
}

interface Port {
  readonly name: string;
  readonly tensor: string;
  readonly dtype: GraphDtype;
  readonly shape: readonly number[];
}

function writeInput(context: GraphContext, name: string, value: ValueId): Port {
  const { graph, writer, tensors } = context;
  const { shape: fixed, dtype } = graph.values[value]!;
  const shape = opened(context, fixed);
  const placeholder = writer.node(name, 'Placeholder', [], { dtype: { type: dtype }, shape: { shape } });
  tensors.set(value, narrowed(context, placeholder, dtype));
  return { name: placeholder, tensor: `${placeholder}:0`, dtype, shape };
}

/** A constant is named after the first node that reads it; those to be fed are answered. */
function writeConstants(context: GraphContext, areFed: boolean): Map<ValueId, Port> {
  const { graph, tensors } = context;
  const names = new Map<ValueId, string>();
  for (const { inputs, label, op } of graph.nodes) {
    inputs.forEach((id, index) => {
      if (!names.has(id)) names.set(id, `${label ?? op}/input_${index}`);
    });
  }
  const fed = new Map<ValueId, Port>();
  for (const [id, data] of graph.constants) {
    const { shape, dtype } = graph.values[id]!;
    const name = names.get(id) ?? `constant_${id}`;
    if (areFed && dtype === 'float32') fed.set(id, writeInput(context, name, id));
    else tensors.set(id, constant(context, name, dtype, shape, data));
  }
  return fed;
}

function writeNodes(context: GraphContext): void {
  const table = { ...windowOperations, ...elementwiseOperations, ...arrayOperations };
  for (const node of context.graph.nodes) {
    const operation = table[node.op];
    if (operation === undefined) throw new UnsupportedOperationError(node.op, node.label, 'TensorFlow');
    const written = operation(new NodeWriter(context, node));
    const names = typeof written === 'string' ? [written] : written;
    node.outputs.forEach((id, index) => {
      context.tensors.set(id, names[index]!);
    });
  }
}

/** An output has the signature's name as its node's, behind an `Identity` or a cast back to float32. */
function writeOutputs(context: GraphContext): Port[] {
  const { graph, writer, tensors, floatType } = context;
  return graph.outputs.map(({ name, value }) => {
    const { shape, dtype } = graph.values[value]!;
    const isNarrow = dtype === 'float32' && floatType !== 'float32';
    const node = isNarrow
      ? writer.node(name, 'Cast', [tensors.get(value)!], { SrcT: { type: floatType }, DstT: { type: dtype } })
      : writer.node(name, 'Identity', [tensors.get(value)!], { T: { type: dtype } });
    return { name, tensor: `${node}:0`, dtype, shape: opened(context, shape) };
  });
}

function narrowed({ writer, floatType }: GraphContext, tensor: string, dtype: GraphDtype): string {
  if (dtype !== 'float32' || floatType === 'float32') return tensor;
  return writer.node(`${tensor}/Cast`, 'Cast', [tensor], { SrcT: { type: dtype }, DstT: { type: floatType } });
}

function encode({ writer }: GraphContext, inputs: readonly Port[], outputs: readonly Port[]): Encoded {
  const { SavedModel, MetaGraphDef, MetaInfoDef, SignatureDef } = FIELD;
  const infos = (ports: readonly Port[]) =>
    ports.map(({ name, tensor, dtype, shape }) => [name, tensorInfo(tensor, dtype, shape)] as const);
  const signature = fields(
    entries(SignatureDef.inputs, infos(inputs)),
    entries(SignatureDef.outputs, infos(outputs)),
    text(SignatureDef.methodName, 'tensorflow/serving/predict'),
  );
  const metaGraph = fields(
    message(
      MetaGraphDef.metaInfoDef,
      fields(text(MetaInfoDef.tags, 'serve'), text(MetaInfoDef.tensorflowVersion, '2.9.1')),
    ),
    message(MetaGraphDef.graphDef, writer.graphDef()),
    entries(MetaGraphDef.signatureDef, [['serving_default', signature]]),
  );
  return fields(integer(SavedModel.schemaVersion, 1), message(SavedModel.metaGraphs, metaGraph));
}

function batchOf(graph: Graph): number | undefined {
  const data = graph.inputs.find(({ role }) => role === 'data');
  return data === undefined ? undefined : graph.values[data.value]!.shape[0];
}

function opened({ openBatch }: GraphContext, shape: readonly number[]): number[] {
  return shape.map((size, axis) => (axis === 0 && size === openBatch ? -1 : size));
}

function tensorsByName(ports: readonly Port[]): Map<string, string> {
  return new Map(ports.map(({ name, tensor }) => [name, tensor]));
}
