import { BindError } from '../bind/bind-error.ts';
import type { Graph } from '../graph.ts';
import { arrayOperations } from './onnx/arrays.ts';
import { elementwiseOperations } from './onnx/elementwise.ts';
import { ModelWriter, type OnnxValueInfo } from './onnx/model-writer.ts';
import { type OnnxContext, OnnxNodeWriter, valueIn } from './onnx/node-writer.ts';
import { windowOperations } from './onnx/windows.ts';
import { UnsupportedOperationError } from './unsupported-operation-error.ts';

export { UnsupportedOperationError } from './unsupported-operation-error.ts';

export interface OnnxOptions {
  /** Leaves the leading size of data and outputs open (`N`), whatever the graph was traced for. Default true. */
  readonly openBatch?: boolean;
  /** The model's name in the file. Default `residual`. */
  readonly name?: string;
}

/** An ONNX model in pieces, to be written one after another. */
export interface OnnxModel {
  readonly chunks: readonly Uint8Array[];
  readonly sizeBytes: number;
}

/**
 * Writes a bound graph (`bind(optimize(graph), weights)`) as an ONNX model, opset 17.
 *
 * Inputs and outputs keep their names. Pictures, that is inputs and outputs of rank 4, are `[N, C, H, W]` there, as
 * everybody's ONNX models are, and not `[N, H, W, C]`.
 *
 * @throws UnsupportedOperationError where an operation has no counterpart, or one that would fix an open batch.
 * @throws BindError where the graph has a parameter left.
 * @see https://onnx.ai/onnx/operators
 */
export function onnxModel(graph: Graph, { openBatch = true, name = 'residual' }: OnnxOptions = {}): OnnxModel {
  const unbound = graph.inputs.find(({ role }) => role === 'parameter');
  if (unbound !== undefined) {
    const { shape } = graph.values[unbound.value]!;
    throw new BindError(unbound.name, shape, 'no weight', 'export bind(optimize(graph), weights)');
  }
  const model = new ModelWriter();
  const batch = openBatch ? graph.values[graph.inputs[0]?.value ?? -1]?.shape[0] : undefined;
  const context: OnnxContext = { graph, model, names: new Map(), openBatch: batch };
  const inputs = graph.inputs.map(({ name: input, value }) => {
    const info = infoOf(context, model.unique(input), value);
    context.names.set(value, { [layoutOf(info)]: info.name });
    return info;
  });
  const outputs = graph.outputs.map(({ name: output, value }) => infoOf(context, model.unique(output), value));

  const operations = new Map(
    [windowOperations, elementwiseOperations, arrayOperations].flatMap((table) => Object.entries(table)),
  );
  for (const node of graph.nodes) {
    const operation = operations.get(node.op);
    if (operation === undefined) throw new UnsupportedOperationError(node.op, node.label, 'ONNX');
    operation(new OnnxNodeWriter(context, node));
  }
  const taken = new Set<string>();
  graph.outputs.forEach(({ value }, index) => {
    const output = outputs[index]!;
    const computed = valueIn(context, value, layoutOf(output), output.name);
    if (taken.has(computed) || !model.rename(computed, output.name)) model.node('Identity', [computed], [output.name]);
    else context.names.set(value, { [layoutOf(output)]: output.name });
    taken.add(output.name);
  });
  return model.encode(name, inputs, outputs);
}

function infoOf({ graph, openBatch }: OnnxContext, name: string, value: number): OnnxValueInfo {
  const { shape, dtype } = graph.values[value]!;
  const dims = shape.map((size, axis) => (axis === 0 && size === openBatch ? 'N' : size));
  return { name, dtype, dims: dims.length === 4 ? [dims[0]!, dims[3]!, dims[1]!, dims[2]!] : dims };
}

function layoutOf({ dims }: OnnxValueInfo): 'image' | 'plain' {
  return dims.length === 4 ? 'image' : 'plain';
}
