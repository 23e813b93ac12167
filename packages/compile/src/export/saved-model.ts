import type { Graph, GraphDtype, ValueId } from '../graph.ts';
import { type Encoded, entries, fields, integer, joined, message, text } from './protobuf.ts';
import { arrayOperations } from './tensorflow/arrays.ts';
import { elementwiseOperations } from './tensorflow/elementwise.ts';
import { floatTypes } from './tensorflow/float-types.ts';
import { GraphWriter, tensorInfo } from './tensorflow/graph-writer.ts';
import { type GraphContext, NodeWriter } from './tensorflow/node-writer.ts';
import { FIELD } from './tensorflow/proto-fields.ts';
import { TensorTable } from './tensorflow/tensor-table.ts';
import { trainingOperations } from './tensorflow/training.ts';
import { windowOperations } from './tensorflow/windows.ts';
import { UnsupportedOperationError } from './unsupported-operation-error.ts';

export { UnsupportedOperationError } from './unsupported-operation-error.ts';

export interface SavedModelOptions {
  /**
   * Type that pictures (values of rank 4) and the gradients of filters are computed in; the rest is float32: logits and
   * loss, statistics of batch norm, filters themselves with their optimiser's arithmetic, all inputs and outputs. Default
   * `fp32`.
   */
  readonly precision?: 'fp32' | 'bf16';
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
  const { precision = 'fp32', openBatch = true, weights = 'constants' } = options;
  const writer = new GraphWriter();
  const tensors = new TensorTable(graph, writer);
  const batch = openBatch ? batchOf(graph) : undefined;
  const context: GraphContext = {
    graph,
    writer,
    tensors,
    floatType: floatTypes(graph, precision === 'bf16' ? 'bfloat16' : 'float32'),
    openBatch: batch,
  };
  const inputs = graph.inputs.map(({ name, value, role }) => writeInput(context, name, value, role === 'data'));
  const fed = new Map(
    [...graph.constants.keys()]
      .filter((id) => weights === 'inputs' && graph.values[id]!.dtype === 'float32')
      .map((id) => [id, writeInput(context, `weight_${id}`, id, false)]),
  );
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

function writeInput(context: GraphContext, name: string, value: ValueId, isData: boolean): Port {
  const { graph, writer, tensors } = context;
  const { shape: fixed, dtype } = graph.values[value]!;
  const shape = isData ? opened(context, fixed) : fixed;
  const placeholder = writer.node(name, 'Placeholder', [], { dtype: { type: dtype }, shape: { shape } });
  tensors.set(value, placeholder, dtype);
  return { name, tensor: `${placeholder}:0`, dtype, shape };
}

function writeNodes(context: GraphContext): void {
  const table = { ...windowOperations, ...elementwiseOperations, ...arrayOperations, ...trainingOperations };
  for (const node of context.graph.nodes) {
    const operation = table[node.op];
    if (operation === undefined) throw new UnsupportedOperationError(node.op, node.label, 'TensorFlow');
    const writer = new NodeWriter(context, node);
    const written = operation(writer);
    const names = typeof written === 'string' ? [written] : written;
    node.outputs.forEach((id, index) => {
      context.tensors.set(id, names[index]!, writer.outputType(index));
    });
  }
}

/** An output's node has its name, behind an `Identity`. */
function writeOutputs(context: GraphContext): Port[] {
  const { graph, writer, tensors } = context;
  return graph.outputs.map(({ name, value }) => {
    const { shape, dtype } = graph.values[value]!;
    const node = writer.node(name, 'Identity', [tensors.get(value, 'float32', name)], { T: { type: dtype } });
    return { name, tensor: `${node}:0`, dtype, shape: opened(context, shape) };
  });
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
