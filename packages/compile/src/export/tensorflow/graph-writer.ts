import { bytes, type Encoded, entries, fields, float, integer, integers, message, text } from '../protobuf.ts';
import { DATA_TYPE, type DataType, FIELD } from './proto-fields.ts';

/** An attribute of a TensorFlow node: the type is `{type}`, since a name alone would read as a string. */
export type NodeAttribute =
  | string
  | boolean
  | readonly number[]
  | { readonly type: DataType }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly shape: readonly number[] }
  | { readonly tensor: { readonly dtype: DataType; readonly shape: readonly number[]; readonly content: Uint8Array } };

/** Collects the nodes of a GraphDef; a tensor is named by its node, `node:1` where it is not the first output. */
export class GraphWriter {
  readonly nodes: Encoded[] = [];
  readonly #names: Map<string, number> = new Map();

  /** @param name A wish: characters that TensorFlow does not take are replaced, and a number keeps it unique. */
  node(
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, NodeAttribute>>,
  ): string {
    const unique = this.#uniqueName(name);
    const { NodeDef, GraphDef } = FIELD;
    const attrs = Object.entries(attributes).map(([key, value]) => [key, attrValue(value)] as const);
    this.nodes.push(
      message(
        GraphDef.node,
        fields(
          text(NodeDef.name, unique),
          text(NodeDef.op, op),
          ...inputs.map((input) => text(NodeDef.input, input)),
          entries(NodeDef.attr, attrs),
        ),
      ),
    );
    return unique;
  }

  graphDef(): Encoded {
    const { GraphDef, VersionDef } = FIELD;
    return fields(...this.nodes, message(GraphDef.versions, integer(VersionDef.producer, PRODUCER)));
  }

  #uniqueName(wish: string): string {
    const allowed = wish.replace(/[^A-Za-z0-9_./-]/g, '_').replace(/^[^A-Za-z0-9.]/, 'x$&');
    const taken = this.#names.get(allowed) ?? 0;
    this.#names.set(allowed, taken + 1);
    return taken === 0 ? allowed : this.#uniqueName(`${allowed}_${taken}`);
  }
}

/** The graph's format as of TensorFlow 2.9, the oldest that runs it here. */
const PRODUCER = 1087;

/** `TensorInfo` of a signature. */
export function tensorInfo(tensor: string, dtype: DataType, shape: readonly number[]): Encoded {
  const { TensorInfo } = FIELD;
  return fields(
    text(TensorInfo.name, tensor),
    integer(TensorInfo.dtype, DATA_TYPE[dtype]),
    message(TensorInfo.tensorShape, tensorShape(shape)),
  );
}

function tensorShape(shape: readonly number[]): Encoded {
  const { TensorShapeProto, Dim } = FIELD;
  return fields(...shape.map((size) => message(TensorShapeProto.dim, integer(Dim.size, size))));
}

function attrValue(value: NodeAttribute): Encoded {
  const { AttrValue, ListValue, TensorProto } = FIELD;
  if (typeof value === 'string') return text(AttrValue.s, value);
  if (typeof value === 'boolean') return integer(AttrValue.b, value);
  if ('type' in value) return integer(AttrValue.type, DATA_TYPE[value.type]);
  if ('int' in value) return integer(AttrValue.i, value.int);
  if ('float' in value) return float(AttrValue.f, value.float);
  if ('shape' in value) return message(AttrValue.shape, tensorShape(value.shape));
  if ('tensor' in value) {
    const { dtype, shape, content } = value.tensor;
    return message(
      AttrValue.tensor,
      fields(
        integer(TensorProto.dtype, DATA_TYPE[dtype]),
        message(TensorProto.tensorShape, tensorShape(shape)),
        bytes(TensorProto.tensorContent, content),
      ),
    );
  }
  return message(AttrValue.list, integers(ListValue.i, value));
}
