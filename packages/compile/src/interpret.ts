import { engine, type NamedTensorMap, Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { BindError } from './bind/bind-error.ts';
import { EngineError } from './engine/engine-error.ts';
import type { Graph, GraphNode, ValueId } from './graph.ts';
import type { KernelRule } from './rules/kernel-rule.ts';
import { rulesByOp } from './rules/rules.ts';

export interface InterpretOptions {
  /** Tensors of the graph's constants, where they are already on the backend; the caller's. */
  readonly constants?: ReadonlyMap<ValueId, Tensor>;
  /** Called after each node, with tensors that live until it returns. */
  readonly onNode?: (node: GraphNode, outputs: readonly Tensor[]) => void;
}

/**
 * Runs a graph on the current tfjs backend, kernel by kernel; an intermediate tensor is freed after its last use.
 *
 * @param feeds A tensor for each graph input, data and parameters, by name.
 * @returns The graph's outputs by name; the caller disposes them.
 * @throws BindError for an input that is not fed.
 * @throws EngineError (`UNSUPPORTED_NODE`) for an operation that is no tfjs kernel.
 */
export function interpret(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
  options: InterpretOptions = {},
): NamedTensorMap {
  return tidy(() => {
    const steps = interpretSteps(graph, feeds, options);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
    }
  });
}

/** The same, one node a step, so that others may have the thread in between; ended early, it frees what it made. */
export function* interpretSteps(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
  { constants, onNode }: InterpretOptions = {},
): Generator<void, NamedTensorMap, void> {
  const rules = rulesByOp();
  const tensors = new Map<ValueId, Tensor>(constants);
  const owned = new Set<ValueId>();
  const kept = new Set(graph.outputs.map(({ value }) => value));
  const lastUses = new Map(graph.nodes.flatMap((node, index) => node.inputs.map((id) => [id, index] as const)));
  try {
    for (const { name, value } of graph.inputs) {
      const feed = feeds[name];
      if (feed === undefined) throw new BindError(name, graph.values[value]!.shape, 'no tensor', 'feed one');
      tensors.set(value, feed);
    }
    for (const [value, data] of graph.constants) {
      if (tensors.has(value)) continue;
      const { shape, dtype } = graph.values[value]!;
      tensors.set(value, tensor(data, [...shape], dtype));
      owned.add(value);
    }
    for (const [index, node] of graph.nodes.entries()) {
      const rule = rules.get(node.op);
      if (rule === undefined) throw noKernelFor(node);
      const inputs = node.inputs.map((id) => tensors.get(id)!);
      const outputs = runNode(node, rule, inputs);
      node.outputs.forEach((id, position) => {
        tensors.set(id, outputs[position]!);
        owned.add(id);
      });
      onNode?.(node, outputs);
      for (const id of [...node.inputs, ...node.outputs]) {
        if (!owned.has(id) || kept.has(id) || (lastUses.get(id) ?? index) > index) continue;
        tensors.get(id)!.dispose();
        owned.delete(id);
      }
      yield;
    }
    return Object.fromEntries(
      graph.outputs.map(({ name, value }) => {
        const output = tensors.get(value)!;
        return [name, owned.delete(value) ? output : output.clone()];
      }),
    );
  } finally {
    for (const id of owned) tensors.get(id)!.dispose();
  }
}

export function noKernelFor({ op, label }: GraphNode): EngineError {
  const message = `${label ?? 'graph'}: expected operations of tfjs, got '${op}'; take another engine`;
  return new EngineError('UNSUPPORTED_NODE', 'tfjs', message);
}

function runNode(
  node: GraphNode,
  rule: KernelRule & { readonly kernelName: string },
  inputs: readonly Tensor[],
): Tensor[] {
  const { run } = rule;
  if (run !== undefined) return tidy(() => run(node, inputs));
  const attributes = rule.tfjsAttributes?.(node, inputs) ?? { ...node.attributes };
  const result = engine().runKernel(rule.kernelName, namedInputs(node, rule, inputs) as never, attributes as never);
  return result instanceof Tensor ? [result] : (result as Tensor[]);
}

function namedInputs(node: GraphNode, rule: KernelRule, inputs: readonly Tensor[]): object {
  if (rule.inputs === 'list') return [...inputs];
  const present = rule.inputs.filter((name) => {
    const flag = rule.optional?.[name];
    return flag === undefined || node.attributes[flag] === true;
  });
  return Object.fromEntries(present.map((name, index) => [name, inputs[index]!]));
}
