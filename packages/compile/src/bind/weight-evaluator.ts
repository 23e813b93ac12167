import type { Weight, Weights } from '../bind.ts';
import type { ConstantData, Graph, GraphDtype, GraphNode, Value, ValueId } from '../graph.ts';
import { BindError } from './bind-error.ts';
import { type HostArray, hostKernels, type MakeArray } from './host-kernels.ts';
import { isRowMajor, rowMajor } from './row-major.ts';

/** What has been computed of a set of weights, by how it was computed; it goes when the weights go. */
const computed: WeakMap<Weights, Map<string, ConstantData>> = /* @__PURE__ */ new WeakMap();

/** Constants up to this size are told apart by their numbers, so that two graphs find that they have the same. */
const SPELLED_OUT_MAX = 1024;

/** Evaluates the part of a graph that depends on weights alone, as far as it is asked for. */
export class WeightEvaluator {
  readonly #graph: Graph;
  /** Constants and weights, as they lie. */
  readonly #sources = new Map<ValueId, Weight>();
  readonly #kernels = hostKernels();
  readonly #arrays = new Map<ValueId, HostArray>();
  readonly #producers = new Map<ValueId, GraphNode>();
  /** How a value comes about, e.g. `Multiply(conv1.weight,Rsqrt(…))`: the same in every graph of a model. */
  readonly #expressions = new Map<ValueId, string>();
  readonly #computed: Map<string, ConstantData>;

  constructor(graph: Graph, weights: Weights) {
    this.#graph = graph;
    this.#computed = computed.get(weights) ?? new Map();
    computed.set(weights, this.#computed);
    for (const [id, data] of graph.constants) {
      const { shape, dtype } = graph.values[id]!;
      this.#sources.set(id, { shape, data });
      if (data.length <= SPELLED_OUT_MAX) this.#expressions.set(id, `${dtype}[${shape}]{${data.join()}}`);
    }
    for (const { name, role, value } of graph.inputs) {
      if (role !== 'parameter') continue;
      this.#sources.set(value, checked(name, graph.values[value]!.shape, weights.get(name)));
      this.#expressions.set(value, name);
    }
  }

  /** Whether the node is computed here rather than in each run; asked in the order of the graph. */
  takes(node: GraphNode): boolean {
    if (!this.#kernels.has(node.op) || !node.inputs.every((id) => this.knows(id))) return false;
    const [output] = node.outputs as [ValueId];
    this.#producers.set(output, node);
    const operands = node.inputs.map((id) => this.#expressions.get(id));
    if (!operands.includes(undefined)) {
      this.#expressions.set(output, `${node.op}(${operands.join()})${JSON.stringify(node.attributes)}`);
    }
    return true;
  }

  knows(id: ValueId): boolean {
    return this.#sources.has(id) || this.#producers.has(id);
  }

  constantOf(id: ValueId): ConstantData {
    const { dtype, shape } = this.#graph.values[id]!;
    const source = this.#sources.get(id);
    if (source !== undefined && isRowMajor(source)) return stored(source, dtype);
    const expression = this.#expressions.get(id);
    const isLarge = dtype === 'float32' && shape.length > 1;
    const make: MakeArray = (count) => (isLarge ? new Float32Array(count) : new Float64Array(count));
    if (expression === undefined) return stored(this.#arrayOf(id, make), dtype);
    const known = this.#computed.get(expression) ?? stored(this.#arrayOf(id, make), dtype);
    this.#computed.set(expression, known);
    return known;
  }

  /**
   * How a filter comes about from a weight as it lies: `Transpose` and `Multiply` by a vector, where that is all.
   * New values are added to `values`.
   */
  stepsTo(
    id: ValueId,
    values: Value[],
  ): { readonly nodes: readonly GraphNode[]; readonly constants: ReadonlyMap<ValueId, ConstantData> } | undefined {
    const product = this.#producers.get(id);
    if (product?.inputs.length === 0) return undefined;
    const [filter, factor] = product === undefined ? [id] : (product.inputs as [ValueId, ValueId?]);
    const source = this.#sources.get(filter);
    const { shape, dtype } = values[filter]!;
    if (source === undefined || dtype !== 'float32' || !(source.data instanceof Float32Array)) return undefined;
    const constants = new Map<ValueId, ConstantData>();
    const nodes: GraphNode[] = [];
    if (isRowMajor(source)) constants.set(filter, source.data);
    else {
      const axes = source.axes!;
      const lying = values.push({ shape: axes.map((axis) => shape[axis]!), dtype }) - 1;
      constants.set(lying, source.data);
      const perm = axes.map((_, axis) => axes.indexOf(axis));
      nodes.push({ op: 'Transpose', inputs: [lying], outputs: [filter], attributes: { perm } });
    }
    if (product !== undefined) {
      const isScaling = product.op === 'Multiply' && String(values[factor!]!.shape) === String(shape.slice(-1));
      if (!isScaling || shape.length < 2) return undefined;
      constants.set(factor!, this.constantOf(factor!));
      nodes.push(product);
    }
    return { nodes, constants };
  }

  #arrayOf(id: ValueId, make: MakeArray = (count) => new Float64Array(count)): HostArray {
    const known = this.#arrays.get(id);
    if (known !== undefined) return known;
    const source = this.#sources.get(id);
    if (source !== undefined) {
      const data = rowMajor(source);
      // Loops over vectors then meet one type of array alone, and are compiled once.
      return { shape: source.shape, data: source.shape.length > 1 ? data : new Float64Array(data) };
    }
    const { op, inputs, attributes } = this.#producers.get(id)!;
    const array = this.#kernels.get(op)!(
      inputs.map((input) => this.#arrayOf(input)),
      attributes,
      make,
    );
    // Filters are big and read once; what several read are vectors.
    if (array.shape.length <= 1 && array.data instanceof Float64Array) this.#arrays.set(id, array);
    return array;
  }
}

function checked(name: string, shape: readonly number[], weight: Weight | undefined): Weight {
  if (weight === undefined) throw new BindError(name, shape, 'no weight of that name');
  if (String(weight.shape) !== String(shape)) throw new BindError(name, shape, `[${weight.shape.join(', ')}]`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (weight.data.length !== count) throw new BindError(name, shape, `${weight.data.length} numbers`);
  return weight;
}

function stored({ data }: HostArray, dtype: GraphDtype): ConstantData {
  if (dtype === 'int32') return data instanceof Int32Array ? data : new Int32Array(data);
  if (dtype === 'bool') return data instanceof Uint8Array ? data : new Uint8Array(data);
  return data instanceof Float32Array ? data : new Float32Array(data);
}
