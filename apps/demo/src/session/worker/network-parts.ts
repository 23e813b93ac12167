import { shapesOnly } from '@residual/blocks';
import type { Classifier } from '@residual/classifier';
import {
  absorbPadding,
  dropDeadCode,
  type Engine,
  type Graph,
  type GraphNode,
  summary,
  traceModel,
  type ValueId,
} from '@residual/compile';
import { blockPaths, partOf, ResNet } from '@residual/resnet';
import type { NetworkPart } from './protocol.ts';

const RUNS = 3;

/** A network as a graph, for one picture, and the model that says which part a layer is of. */
export interface TracedNetwork {
  readonly graph: Graph;
  readonly model: ResNet;
}

/** A classifier's network. */
export async function traceNetwork({ spec, endpoints, preset }: Classifier): Promise<TracedNetwork> {
  const model = new ResNet(spec, { vars: shapesOnly });
  const graph = await traceModel(model, { endpoints: [endpoints.at(-1)!], sizePx: preset.cropPx });
  // Padding comes before the convolution that it is of, so it would count to the block before.
  return { graph: dropDeadCode(absorbPadding(graph)), model };
}

/** The stem, the blocks and the head, with what each costs. */
export function partsOf({ graph, model }: TracedNetwork): NetworkPart[] {
  const parts = new Map<string, { -readonly [Key in keyof NetworkPart]: NetworkPart[Key] }>();
  for (const { label, op, outputShape, parameters, multiplyAdds } of summary(graph).layers) {
    const name = partName(model, { label, op });
    const part = parts.get(name) ?? { name, layers: [], shape: [], parameters: 0, multiplyAdds: 0 };
    parts.set(name, {
      name,
      layers: [...part.layers, { name: label, op }],
      shape: outputShape.slice(1),
      parameters: part.parameters + parameters,
      multiplyAdds: part.multiplyAdds + multiplyAdds,
    });
  }
  return [...parts.values()];
}

/** Milliseconds of each part, alone on an engine: what it is given, computed and given back. Weights do not matter for that. */
export async function timeParts(
  { graph, model }: TracedNetwork,
  engine: Engine,
  report: (fraction: number) => void,
): Promise<Record<string, number>> {
  const names = [...new Set(graph.nodes.map((node) => partName(model, node)))];
  const times: Record<string, number> = {};
  for (const [index, name] of names.entries()) {
    report(index / names.length);
    times[name] = await timePart(
      cutOut(graph, (node) => partName(model, node) === name),
      engine,
    );
  }
  return times;
}

async function timePart(part: Graph, engine: Engine): Promise<number> {
  const filled = (inputs: Graph['inputs']) =>
    inputs.map(({ name, value }) => {
      const { shape } = part.values[value]!;
      return { name, shape, data: new Float32Array(shape.reduce((size, edge) => size * edge, 1)).fill(0.01) };
    });
  const parameters = filled(part.inputs.filter(({ role }) => role === 'parameter'));
  const executable = await engine.compile(part, new Map(parameters.map((weight) => [weight.name, weight])));
  try {
    const data = filled(part.inputs.filter(({ role }) => role === 'data'));
    const inputs = Object.fromEntries(data.map((input) => [input.name, input.data]));
    await executable.run(inputs);
    let bestMs = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run++) {
      const beginMs = performance.now();
      await executable.run(inputs);
      bestMs = Math.min(bestMs, performance.now() - beginMs);
    }
    return bestMs;
  } finally {
    await executable.dispose();
  }
}

/** Some of a graph's nodes as a graph: what comes from others is its input, what goes to others its output. */
function cutOut(graph: Graph, isPart: (node: GraphNode) => boolean): Graph {
  const nodes = graph.nodes.filter(isPart);
  const others = graph.nodes.filter((node) => !isPart(node));
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const declared = graph.inputs.filter(({ value }) => read.has(value));
  const known = new Set<ValueId>([...declared.map(({ value }) => value), ...graph.constants.keys(), ...made]);
  const fromOthers = [...read].filter((id) => !known.has(id));
  const wanted = new Set([...others.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ value }) => value)]);
  return {
    ...graph,
    nodes,
    inputs: [...declared, ...fromOthers.map((value) => ({ name: `value${value}`, value, role: 'data' as const }))],
    outputs: [...made].filter((id) => wanted.has(id)).map((value) => ({ name: `value${value}`, value })),
  };
}

/** `layer1.0.conv2` is of `layer1.0`, `conv1` and what comes before it of the stem, the mean over the picture of the head. */
function partName(model: ResNet, { label = '', op }: Pick<GraphNode, 'label' | 'op'>): string {
  const part = partOf(model, label);
  const isPooling = op === 'Mean' && part === blockPaths(model.spec).at(-1);
  return isPooling ? model.headPath : part;
}
