import type { Attributes, ConstantData, Graph, GraphNode, Value, ValueId } from '../graph.ts';

/**
 * Builds the graph that a pass makes of another, node by node in order; the pass decides for each node what to push.
 *
 * Values keep their ids. "Weights" are parameters, constants and what is computed of them alone: `bind` evaluates those.
 */
export class GraphEditor {
  readonly #graph: Graph;
  readonly #values: Value[];
  readonly #constants: Map<ValueId, ConstantData>;
  readonly #nodes = new Set<GraphNode>();
  readonly #producers = new Map<ValueId, GraphNode>();
  readonly #aliases = new Map<ValueId, ValueId>();
  readonly #useCounts = new Map<ValueId, number>();
  readonly #weights: Set<ValueId>;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#values = [...graph.values];
    this.#constants = new Map(graph.constants);
    this.#weights = new Set(graph.constants.keys());
    for (const { role, value } of graph.inputs) if (role === 'parameter') this.#weights.add(value);
    const reads = [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value)];
    for (const id of reads) this.#useCounts.set(id, (this.#useCounts.get(id) ?? 0) + 1);
    // An output is read from outside: nothing may be fused past it.
    for (const { value } of graph.outputs) this.#useCounts.set(value, Number.POSITIVE_INFINITY);
  }

  shapeOf(id: ValueId): readonly number[] {
    return this.#values[id]!.shape;
  }

  valueOf(id: ValueId): Value {
    return this.#values[id]!;
  }

  constantOf(id: ValueId): ConstantData | undefined {
    return this.#constants.get(id);
  }

  isWeight(id: ValueId): boolean {
    return this.#weights.has(id);
  }

  /** The node that made a value, where it was pushed. */
  producerOf(id: ValueId): GraphNode | undefined {
    return this.#producers.get(id);
  }

  /** The same, where nothing else reads the value: only then may it be fused into its reader. */
  soleProducerOf(id: ValueId): GraphNode | undefined {
    return this.#useCounts.get(id) === 1 ? this.#producers.get(id) : undefined;
  }

  /** The node with inputs replaced as `alias` said. */
  resolve(node: GraphNode): GraphNode {
    if (!node.inputs.some((id) => this.#aliases.has(id))) return node;
    return { ...node, inputs: node.inputs.map((id) => this.#resolve(id)) };
  }

  push(node: GraphNode): void {
    this.#nodes.add(node);
    for (const id of node.outputs) {
      this.#producers.set(id, node);
      if (node.inputs.every((input) => this.#weights.has(input))) this.#weights.add(id);
    }
  }

  remove(node: GraphNode): void {
    this.#nodes.delete(node);
    for (const id of node.outputs) this.#producers.delete(id);
  }

  /** From here on `from` is read as `to`. */
  alias(from: ValueId, to: ValueId): void {
    this.#aliases.set(from, to);
    const count = (this.#useCounts.get(from) ?? 0) + (this.#useCounts.get(to) ?? 0) - 1;
    this.#useCounts.set(to, count);
  }

  constant(data: ConstantData, shape: readonly number[]): ValueId {
    const id = this.#addValue({ shape, dtype: 'float32' });
    this.#constants.set(id, data);
    this.#weights.add(id);
    return id;
  }

  /** Adds a node of one float32 output and returns that. */
  emit(
    op: string,
    inputs: readonly ValueId[],
    attributes: Attributes,
    shape: readonly number[],
    label: string | undefined,
  ): ValueId {
    const id = this.#addValue({ shape, dtype: 'float32' });
    this.push({ op, inputs, outputs: [id], attributes, ...(label === undefined ? {} : { label }) });
    return id;
  }

  finish(): Graph {
    return {
      values: this.#values,
      nodes: [...this.#nodes],
      inputs: this.#graph.inputs,
      outputs: this.#graph.outputs.map(({ name, value }) => ({ name, value: this.#resolve(value) })),
      constants: this.#constants,
    };
  }

  #addValue(value: Value): ValueId {
    return this.#values.push(value) - 1;
  }

  #resolve(id: ValueId): ValueId {
    const target = this.#aliases.get(id);
    return target === undefined ? id : this.#resolve(target);
  }
}
