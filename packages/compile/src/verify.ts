import { dispose, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Weights } from './bind.ts';
import type { Engine } from './engine.ts';
import type { ConstantData, Graph, GraphOutput, Value, ValueId } from './graph.ts';
import { interpret } from './interpret.ts';
import { optimize } from './passes/optimize.ts';

/** How far one value of the compiled graph is from the same value of the traced one. */
export interface LayerDifference {
  /** Where in the model, or the output's name. */
  readonly label: string;
  /** The operation that makes it in the optimised graph. */
  readonly op: string;
  readonly shape: readonly number[];
  /** The largest absolute difference; NaN where either holds NaN. */
  readonly maxDifference: number;
  /** The same over the largest absolute value. */
  readonly relativeDifference: number;
}

export interface Verification {
  readonly outputs: readonly LayerDifference[];
  /** Every operation of the optimised graph, the worst first. */
  readonly layers: readonly LayerDifference[];
}

/**
 * Compares what an engine computes with the traced operations on the current tfjs backend, for each operation that is
 * left after fusing.
 *
 * @param inputs Arrays by name; by default uniform noise in -1 … 1.
 */
export async function verify(
  graph: Graph,
  weights: Weights,
  engine: Engine,
  inputs: Readonly<Record<string, ConstantData>> = noiseFor(graph),
): Promise<Verification> {
  const optimised = optimize(graph);
  const probes = probesOf(graph, optimised);
  const executable = await engine.compile({ ...optimised, outputs: probes.map(({ probe }) => probe) }, weights);
  try {
    const actual = await executable.run(inputs);
    const expected = await referenceOf(graph, weights, inputs, probes);
    const differences = probes.map(({ probe, label, op, isOutput }) => ({
      isOutput,
      difference: {
        label,
        op,
        shape: optimised.values[probe.value]!.shape,
        ...compare(actual[probe.name]!, expected[probe.name]!),
      },
    }));
    return {
      outputs: differences.filter(({ isOutput }) => isOutput).map(({ difference }) => difference),
      layers: differences
        .filter(({ isOutput }) => !isOutput)
        .map(({ difference }) => difference)
        .sort((a, b) => badness(b) - badness(a)),
    };
  } finally {
    await executable.dispose();
  }
}

interface Probe {
  /** In the optimised graph. */
  readonly probe: GraphOutput;
  /** In the traced one. */
  readonly original: ValueId;
  readonly label: string;
  readonly op: string;
  readonly isOutput: boolean;
}

/** The optimised graph's values that the traced one computes too; passes keep a value's object where they keep the value. */
function probesOf(graph: Graph, optimised: Graph): Probe[] {
  const originals = new Map<Value, ValueId>(graph.values.map((value, id) => [value, id]));
  const data = new Set(optimised.inputs.filter(({ role }) => role === 'data').map(({ value }) => value));
  const probes: Probe[] = [];
  const opOf = new Map<ValueId, string>();
  for (const { op, label, inputs, outputs } of optimised.nodes) {
    for (const id of outputs) opOf.set(id, op);
    if (!inputs.some((id) => data.has(id))) continue;
    for (const id of outputs) {
      data.add(id);
      const original = originals.get(optimised.values[id]!);
      const probe = { name: `probe${id}`, value: id };
      if (original !== undefined) probes.push({ probe, original, label: label ?? '', op, isOutput: false });
    }
  }
  for (const probe of optimised.outputs) {
    const original = graph.outputs.find(({ name }) => name === probe.name)!.value;
    probes.push({ probe, original, label: probe.name, op: opOf.get(probe.value) ?? 'input', isOutput: true });
  }
  return probes;
}

async function referenceOf(
  graph: Graph,
  weights: Weights,
  inputs: Readonly<Record<string, ConstantData>>,
  probes: readonly Probe[],
): Promise<Record<string, ConstantData>> {
  const feeds: Record<string, Tensor> = {};
  for (const { name, value } of graph.inputs) {
    const { shape, dtype } = graph.values[value]!;
    feeds[name] = tensor(inputs[name] ?? weights.get(name)!.data, [...shape], dtype);
  }
  const outputs = probes.map(({ probe, original }) => ({ name: probe.name, value: original }));
  const tensors = interpret({ ...graph, outputs }, feeds);
  const results: Record<string, ConstantData> = {};
  for (const [name, result] of Object.entries(tensors)) results[name] = (await result.data()) as ConstantData;
  dispose(feeds);
  dispose(tensors);
  return results;
}

function compare(actual: ConstantData, expected: ConstantData): { maxDifference: number; relativeDifference: number } {
  let largest = 0;
  let maxDifference = 0;
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(actual[index]! - expected[index]!);
    if (Number.isNaN(difference)) return { maxDifference: Number.NaN, relativeDifference: Number.NaN };
    maxDifference = Math.max(maxDifference, difference);
    largest = Math.max(largest, Math.abs(expected[index]!));
  }
  return { maxDifference, relativeDifference: maxDifference === 0 ? 0 : maxDifference / largest };
}

function badness({ relativeDifference }: LayerDifference): number {
  return Number.isNaN(relativeDifference) ? Number.POSITIVE_INFINITY : relativeDifference;
}

function noiseFor(graph: Graph): Record<string, ConstantData> {
  const data = graph.inputs.filter(({ role }) => role === 'data');
  return Object.fromEntries(
    data.map(({ name, value }) => {
      const { shape, dtype } = graph.values[value]!;
      const count = shape.reduce((product, size) => product * size, 1);
      if (dtype === 'int32') return [name, new Int32Array(count)];
      if (dtype === 'bool') return [name, new Uint8Array(count)];
      let seed = 1;
      const next = (): number => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; // Numerical Recipes' generator
        return seed / 2 ** 31 - 1;
      };
      return [name, Float32Array.from({ length: count }, next)];
    }),
  );
}
