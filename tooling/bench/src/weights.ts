import { type HostTensor, type StateDict, shapesOnly, torchShape } from '@residual/blocks';
import { fitModel, ResNet, type ResNetSpec } from '@residual/resnet';
import { uniform } from '@residual/testing/deterministic';

/** The network that weights of a variant are, with shapes in place of values. */
export function blueprintOf(dict: StateDict, spec: ResNetSpec): ResNet {
  return new ResNet(fitModel(dict, spec).spec, { vars: shapesOnly });
}

/** Weights of a net as one freshly initialised, with running statistics of some spread, the same each time. */
export function makeWeights(spec: ResNetSpec): Map<string, HostTensor> {
  const specs = new ResNet(spec, { vars: shapesOnly }).variableSpecs;
  return new Map(
    [...specs].map(([name, { layout, shape }]) => {
      const torch = torchShape(layout, shape);
      const values = uniform(
        name,
        torch.reduce((product, size) => product * size, 1),
      );
      return [name, { shape: torch, data: Float32Array.from(values, scaling(name, torch)) }];
    }),
  );
}

function scaling(name: string, shape: readonly number[]): (u: number) => number {
  if (shape.length > 1) {
    const fanIn = shape.slice(1).reduce((product, size) => product * size, 1);
    const bound = Math.sqrt((shape.length === 4 ? 6 : 1) / fanIn);
    return (u) => (2 * u - 1) * bound;
  }
  if (name.endsWith('running_var')) return (u) => 0.5 + u;
  if (name.endsWith('weight')) return (u) => 0.6 + 0.4 * u;
  return (u) => 0.2 * (2 * u - 1);
}
