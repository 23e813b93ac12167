import { type HostTensor, type StateDict, torchShape, type VarSpec, viewTorch } from '@residual/blocks';
import type { Weights } from '@residual/compile';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import { uniform } from '@residual/testing/deterministic';
import type { Tensor } from '@tensorflow/tfjs-core';

/** A variant's variables by name, without making one. */
export function variableSpecs(spec: ResNetSpec, numClasses: number): ReadonlyMap<string, VarSpec> {
  const specs = new Map<string, VarSpec>();
  new ResNet(spec, {
    numClasses,
    vars: (path, variable) => {
      specs.set(path, variable);
      return {} as Tensor;
    },
  });
  return specs;
}

/** Weights of a net as one freshly initialised, with running statistics of some spread, the same each time. */
export function makeWeights(spec: ResNetSpec): Map<string, HostTensor> {
  const specs = variableSpecs(spec, spec.numClasses ?? 1000);
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

/** Rows of the head. */
export function numClassesOf(dict: StateDict, spec: ResNetSpec): number {
  return dict.get('fc.weight')?.shape[0] ?? spec.numClasses ?? 1000;
}

/** A state dict's tensors as a graph's parameters take them, not copied. */
export function toWeights(dict: StateDict, spec: ResNetSpec): Weights {
  const specs = variableSpecs(spec, numClassesOf(dict, spec));
  return new Map(
    [...specs].map(([name, { layout }]) => {
      const tensor = dict.get(name);
      if (tensor === undefined) throw new Error(`${name}: expected weights of ${spec.name}, got none by this name`);
      return [name, viewTorch(layout, tensor)];
    }),
  );
}
