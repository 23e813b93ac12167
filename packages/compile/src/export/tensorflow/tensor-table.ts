import type { ConstantData, Graph, GraphDtype, ValueId } from '../../graph.ts';
import type { GraphWriter } from './graph-writer.ts';
import type { DataType } from './proto-fields.ts';

/** Type that a node computes float32 values in. */
export type FloatType = 'float32' | 'bfloat16';

/** TensorFlow's names of the graph's values; constants and casts are written when they are first asked for. */
export class TensorTable {
  readonly #graph: Graph;
  readonly #writer: GraphWriter;
  readonly #names: Map<ValueId, Partial<Record<DataType, string>>> = new Map();

  constructor(graph: Graph, writer: GraphWriter) {
    this.#graph = graph;
    this.#writer = writer;
  }

  set(id: ValueId, name: string, type: DataType): void {
    this.#names.set(id, { ...this.#names.get(id), [type]: name });
  }

  /** @param wish A name for the constant that the value may be. */
  get(id: ValueId, floatType: FloatType, wish: string): string {
    const { dtype, shape } = this.#graph.values[id]!;
    const type = typeIn(floatType, dtype);
    const known = this.#names.get(id)?.[type];
    if (known !== undefined) return known;
    const data = this.#graph.constants.get(id);
    const [from, source] = Object.entries(this.#names.get(id) ?? {})[0] ?? [];
    const name =
      data === undefined || source !== undefined
        ? this.#writer.node(`${source}/Cast`, 'Cast', [source!], { SrcT: { type: from as DataType }, DstT: { type } })
        : writeConstant(this.#writer, wish, type, shape, data);
    this.set(id, name, type);
    return name;
  }
}

export function typeIn(floatType: FloatType, dtype: GraphDtype): DataType {
  return dtype === 'float32' ? floatType : dtype;
}

/** Writes a `Const`; for bfloat16, `data` is float32. */
export function writeConstant(
  writer: GraphWriter,
  name: string,
  type: DataType,
  shape: readonly number[],
  data: ConstantData,
): string {
  const array = type === 'bfloat16' ? toBfloat16(data as Float32Array) : data;
  const content = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return writer.node(name, 'Const', [], { dtype: { type }, value: { tensor: { dtype: type, shape, content } } });
}

/** Rounds to nearest, ties to even, as hardware does; NaN stays NaN. */
export function toBfloat16(data: Float32Array): Uint16Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const halves = new Uint16Array(bits.length);
  for (let index = 0; index < bits.length; index++) {
    const word = bits[index]!;
    const isNotANumber = (word & 0x7fffffff) > 0x7f800000;
    halves[index] = isNotANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}
