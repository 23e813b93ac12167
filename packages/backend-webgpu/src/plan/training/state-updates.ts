import type { Graph, GraphNode, ValueId } from '@residual/compile';
import { binaryExpression, unaryExpression } from '../../shaders/elementwise.ts';

/** What new state is computed from, value by value, and how: the same for many parameters. */
export interface UpdateGroup {
  /** Lines of WGSL that make `v0`, `v1`, … from `r0`, `r1`, … (vectors of each role) and `s0`, `s1`, … (numbers). */
  readonly lines: readonly string[];
  /** By role: a vector that is read, and the name of what is written in its place, if any. */
  readonly roles: readonly { readonly result?: string }[];
  /** Numbers on the device, bound one by one. */
  readonly scalars: readonly ValueId[];
  /** A parameter's values by role. */
  readonly members: readonly (readonly ValueId[])[];
  /** What a member's results are besides its roles: values that share their place. */
  readonly results: readonly ReadonlyMap<number, ValueId>[];
}

export interface StateUpdates {
  readonly groups: readonly UpdateGroup[];
  /** Nodes that the groups compute. */
  readonly nodes: ReadonlySet<GraphNode>;
}

/** Buffers that a shader may bind everywhere. */
export const MOST_BUFFERS = 8;

/**
 * Finds what moves a training's state: chains of element-wise operations from gradients, old state and numbers to new state. Those
 * that are alike become one dispatch over all their parameters, side by side, in place of hundreds.
 */
export function stateUpdates(graph: Graph, carried: ReadonlySet<string>): StateUpdates {
  const producers = new Map<ValueId, GraphNode>();
  for (const node of graph.nodes) for (const id of node.outputs) producers.set(id, node);
  const before = new Map(graph.inputs.filter(({ name }) => carried.has(name)).map(({ name, value }) => [value, name]));
  const after = new Map(graph.outputs.filter(({ name }) => carried.has(name)).map(({ name, value }) => [name, value]));

  const chains = new Chains(graph, producers, new Set(before.keys()));
  for (const value of after.values()) chains.add(value);
  const groups = new Map<string, Update[]>();
  const nodes = new Set<GraphNode>();
  const taken = new Set<ValueId>();
  for (const chain of chains.sets()) {
    const written = new Set(chain.map(({ outputs }) => outputs[0]!));
    const isRead = (id: ValueId): boolean =>
      graph.nodes.some((node) => !chain.includes(node) && node.inputs.includes(id));
    if ([...written].some(isRead)) continue;
    const update = describe(graph, chain, written, before, after);
    if (update === undefined || update.member.some((id) => taken.has(id))) continue;
    for (const id of update.member) taken.add(id);
    for (const node of chain) nodes.add(node);
    groups.set(update.key, [...(groups.get(update.key) ?? []), update]);
  }
  return { groups: [...groups.values()].map(groupOf), nodes };
}

/** Nodes of one parameter, joined as they are found to depend on the same ones. */
class Chains {
  readonly #graph: Graph;
  readonly #producers: ReadonlyMap<ValueId, GraphNode>;
  readonly #state: ReadonlySet<ValueId>;
  readonly #setOf = new Map<GraphNode | ValueId, Set<GraphNode>>();

  constructor(graph: Graph, producers: ReadonlyMap<ValueId, GraphNode>, state: ReadonlySet<ValueId>) {
    this.#graph = graph;
    this.#producers = producers;
    this.#state = state;
  }

  /** Adds what `value` is computed by, as far as it is element by element. */
  add(value: ValueId): void {
    const { shape } = this.#graph.values[value]!;
    const waiting = [value];
    let set = new Set<GraphNode>();
    while (waiting.length > 0) {
      const id = waiting.pop()!;
      const node = this.#producers.get(id);
      const isLink = node !== undefined && this.#isLink(node, shape);
      if (!isLink && !this.#state.has(id)) continue;
      const key = isLink ? node : id;
      const known = this.#setOf.get(key);
      if (known !== undefined && known !== set) set = this.#join(known, set);
      if (set.has(node!)) continue;
      this.#setOf.set(key, set);
      if (!isLink) continue;
      set.add(node);
      waiting.push(...node.inputs);
    }
  }

  sets(): GraphNode[][] {
    const { nodes } = this.#graph;
    const order = new Map(nodes.map((node, index) => [node, index]));
    const sets = [...new Set(this.#setOf.values())].filter((set) => set.size > 0);
    return sets.map((set) => [...set].sort((a, b) => order.get(a)! - order.get(b)!));
  }

  #join(one: Set<GraphNode>, other: Set<GraphNode>): Set<GraphNode> {
    for (const node of other) one.add(node);
    for (const [key, set] of this.#setOf) if (set === other) this.#setOf.set(key, one);
    return one;
  }

  #isLink({ op, inputs, outputs }: GraphNode, shape: readonly number[]): boolean {
    const isWhole = (id: ValueId): boolean => String(this.#graph.values[id]!.shape) === String(shape);
    const fits = (id: ValueId): boolean => this.#graph.values[id]!.shape.length === 0 || isWhole(id);
    const isKnown = unaryExpression(op) !== undefined || binaryExpression(op) !== undefined;
    return isKnown && isWhole(outputs[0]!) && inputs.every(fits);
  }
}

interface Update extends Pick<UpdateGroup, 'lines' | 'roles' | 'scalars'> {
  readonly key: string;
  readonly member: ValueId[];
  readonly results: ReadonlyMap<number, ValueId>;
}

function groupOf(updates: readonly Update[]): UpdateGroup {
  const { lines, roles, scalars } = updates[0]!;
  const [members, results] = [updates.map(({ member }) => member), updates.map((update) => update.results)];
  return { lines, roles, scalars, members, results };
}

function describe(
  graph: Graph,
  chain: readonly GraphNode[],
  written: ReadonlySet<ValueId>,
  before: ReadonlyMap<ValueId, string>,
  after: ReadonlyMap<string, ValueId>,
): Update | undefined {
  const names = new Map<ValueId, string>();
  const member: ValueId[] = [];
  const scalars: ValueId[] = [];
  const lines: string[] = [];
  const nameOf = (id: ValueId): string | undefined => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const data = graph.constants.get(id);
    const isScalar = graph.values[id]!.shape.length === 0;
    if (data !== undefined) return isScalar ? `vec4f(${data[0]})` : undefined;
    const list = isScalar ? scalars : member;
    names.set(id, `${isScalar ? 's' : 'r'}${list.push(id) - 1}`);
    return names.get(id);
  };
  for (const { op, inputs, outputs } of chain) {
    const [a, b] = inputs.map(nameOf);
    if (a === undefined || (inputs.length > 1 && b === undefined)) return undefined;
    const expression = unaryExpression(op) ?? binaryExpression(op)!;
    const name = `v${lines.length}`;
    names.set(outputs[0]!, name);
    lines.push(`let ${name} = ${expression.replace(/\b[ab]\b/g, (operand) => (operand === 'a' ? a : b!))};`);
  }
  const results = new Map<number, ValueId>();
  const roles = member.map((id, role) => {
    const result = after.get(before.get(id) ?? '');
    if (result === undefined || !written.has(result)) return {};
    results.set(role, result);
    return { result: names.get(result)! };
  });
  if (!keepsZeros(graph, chain, [...results.values()])) return undefined;
  const isAllKept = graph.outputs.every(({ value }) => !written.has(value) || [...results.values()].includes(value));
  const isConsistent = member.every((id, role) => !before.has(id) || results.has(role));
  if (!isAllKept || !isConsistent || member.length + scalars.length > MOST_BUFFERS) return undefined;
  return { key: JSON.stringify([lines, roles, scalars]), lines, roles, scalars, member, results };
}

/** Whether zeros stay zeros: what pads channels, and what stands for the bias that a filter has not. */
function keepsZeros(graph: Graph, chain: readonly GraphNode[], results: readonly ValueId[]): boolean {
  const numbers = new Map<ValueId, number>();
  const isScalar = (id: ValueId): boolean => graph.values[id]!.shape.length === 0;
  const numberOf = (id: ValueId): number =>
    numbers.get(id) ?? graph.constants.get(id)?.[0] ?? (isScalar(id) ? SOME_NUMBER : 0);
  for (const { op, inputs, outputs } of chain) {
    const [a, b] = inputs.map(numberOf);
    numbers.set(outputs[0]!, ON_HOST[op]?.(a!, b!) ?? Number.NaN);
  }
  return results.every((id) => numbers.get(id) === 0);
}

const SOME_NUMBER = 0.3;

const ON_HOST: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Maximum: Math.max,
  Minimum: Math.min,
  Multiply: (a, b) => a * b,
  Neg: (a) => -a,
  RealDiv: (a, b) => a / b,
  Sqrt: Math.sqrt,
  Square: (a) => a * a,
  Sub: (a, b) => a - b,
  ZerosLike: () => 0,
};
