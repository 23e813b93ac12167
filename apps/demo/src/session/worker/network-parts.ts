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
} from '@residual/compile';
import { blockPaths, partOf, ResNet } from '@residual/resnet';
import type { NetworkPart, PartTimes } from './protocol.ts';

const RUNS = 5;

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

/** Milliseconds of each part as an engine runs the whole network, from its profile. Weights do not matter for that. */
export async function timeParts(
  { graph, model }: TracedNetwork,
  engine: Engine,
  report: (fraction: number) => void,
): Promise<PartTimes> {
  const filled = ({ name, value }: Graph['inputs'][number]) => {
    const { shape } = graph.values[value]!;
    return { name, shape, data: new Float32Array(shape.reduce((size, edge) => size * edge, 1)).fill(0.01) };
  };
  const weights = graph.inputs.filter(({ role }) => role === 'parameter').map(filled);
  const inputs = graph.inputs.filter(({ role }) => role === 'data').map(filled);
  report(0);
  const executable = await engine.compile(graph, new Map(weights.map((weight) => [weight.name, weight])));
  try {
    report(0.5);
    const given = Object.fromEntries(inputs.map(({ name, data }) => [name, data]));
    const { steps, note } = await executable.profile!(given, { runs: RUNS });
    const times: Record<string, number> = {};
    for (const { name: label, kind: op, timeMs } of steps) {
      const part =
        op === 'Input' ? partOf(model, '') : op === 'Output' ? model.headPath : partName(model, { label, op });
      times[part] = (times[part] ?? 0) + timeMs;
    }
    return { times, ...(note === undefined ? {} : { note }) };
  } finally {
    await executable.dispose();
  }
}

/** `layer1.0.conv2` is of `layer1.0`, `conv1` and what comes before it of the stem, the mean over the picture of the head. */
function partName(model: ResNet, { label = '', op }: Pick<GraphNode, 'label' | 'op'>): string {
  const part = partOf(model, label);
  const isPooling = op === 'Mean' && part === blockPaths(model.spec).at(-1);
  return isPooling ? model.headPath : part;
}
