import { bytes, type Encoded, fields, float, integer, message, text } from '../protobuf.ts';
import { ATTRIBUTE_TYPE, DATA_TYPE, type DataType, FIELD } from './proto-fields.ts';

/** A whole number is an `int` attribute; a `float` says so. */
export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: DataType;
  /** A string is a size that is left open. */
  readonly dims: readonly (number | string)[];
}

interface OnnxNode {
  readonly op: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** Collects nodes and initializers of one model, and encodes it. */
export class ModelWriter {
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: Encoded[] = [];
  readonly #names = new Set<string>();

  /** `wanted`, with a number where it is taken; dots and slashes are fine in ONNX. */
  unique(wanted: string): string {
    let name = wanted;
    for (let count = 1; this.#names.has(name); count++) name = `${wanted}_${count}`;
    this.#names.add(name);
    return name;
  }

  node(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: OnnxNode['attributes'] = {},
  ): void {
    this.#nodes.push({ op, inputs: [...inputs], outputs: [...outputs], attributes });
  }

  /** Calls what a node computes by another name; false where no node computes it. */
  rename(from: string, to: string): boolean {
    if (!this.#nodes.some(({ outputs }) => outputs.includes(from))) return false;
    for (const names of this.#nodes.flatMap(({ inputs, outputs }) => [inputs, outputs])) {
      names.forEach((name, index) => {
        if (name === from) names[index] = to;
      });
    }
    return true;
  }

  /** The data must stay as it is until the model is written. */
  initializer(wanted: string, dtype: DataType, shape: readonly number[], data: ArrayBufferView): string {
    const name = this.unique(wanted);
    const { TensorProto } = FIELD;
    this.#initializers.push(
      fields(
        ...shape.map((size) => integer(TensorProto.dims, size)),
        integer(TensorProto.dataType, DATA_TYPE[dtype]),
        text(TensorProto.name, name),
        bytes(TensorProto.rawData, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
      ),
    );
    return name;
  }

  encode(graphName: string, inputs: readonly OnnxValueInfo[], outputs: readonly OnnxValueInfo[]): Encoded {
    const { ModelProto, GraphProto, OperatorSetIdProto } = FIELD;
    const graph = fields(
      ...this.#nodes.map((node, index) => message(GraphProto.node, encodeNode(node, index))),
      text(GraphProto.name, graphName),
      ...this.#initializers.map((initializer) => message(GraphProto.initializer, initializer)),
      ...inputs.map((input) => message(GraphProto.input, encodeValueInfo(input))),
      ...outputs.map((output) => message(GraphProto.output, encodeValueInfo(output))),
    );
    return fields(
      integer(ModelProto.irVersion, 8),
      text(ModelProto.producerName, 'residual'),
      message(ModelProto.graph, graph),
      message(ModelProto.opsetImport, integer(OperatorSetIdProto.version, 17)),
    );
  }
}

function encodeNode({ op, inputs, outputs, attributes }: OnnxNode, index: number): Encoded {
  const { NodeProto } = FIELD;
  return fields(
    ...inputs.map((name) => text(NodeProto.input, name)),
    ...outputs.map((name) => text(NodeProto.output, name)),
    text(NodeProto.name, `${op}_${index}`),
    text(NodeProto.opType, op),
    ...Object.entries(attributes).map(([name, value]) => message(NodeProto.attribute, encodeAttribute(name, value))),
  );
}

function encodeAttribute(name: string, value: OnnxAttribute): Encoded {
  const { AttributeProto } = FIELD;
  const typed = (type: keyof typeof ATTRIBUTE_TYPE, ...content: Encoded[]): Encoded =>
    fields(text(AttributeProto.name, name), ...content, integer(AttributeProto.type, ATTRIBUTE_TYPE[type]));
  if (typeof value === 'number') return typed('int', integer(AttributeProto.i, value));
  if (typeof value === 'string') return typed('string', text(AttributeProto.s, value));
  if ('float' in value) return typed('float', float(AttributeProto.f, value.float));
  return typed('ints', ...value.map((item) => integer(AttributeProto.ints, item)));
}

function encodeValueInfo({ name, dtype, dims }: OnnxValueInfo): Encoded {
  const { ValueInfoProto, TypeProto, TensorTypeProto, TensorShapeProto, Dimension } = FIELD;
  const shape = dims.map((size) =>
    message(
      TensorShapeProto.dim,
      typeof size === 'string' ? text(Dimension.dimParam, size) : integer(Dimension.dimValue, size),
    ),
  );
  const tensorType = fields(
    integer(TensorTypeProto.elemType, DATA_TYPE[dtype]),
    message(TensorTypeProto.shape, fields(...shape)),
  );
  return fields(
    text(ValueInfoProto.name, name),
    message(ValueInfoProto.type, message(TypeProto.tensorType, tensorType)),
  );
}
