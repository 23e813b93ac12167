import type { VarSpec } from '@residual/blocks';
import { ResNet, type ResNetOptions, type ResNetSpec } from '@residual/resnet';
import type { Tensor } from '@tensorflow/tfjs-core';

/** The variables that a variant would have, by name, without making one. */
export function variableSpecs(
  spec: ResNetSpec,
  options: Pick<ResNetOptions, 'numClasses' | 'inChannels'>,
): ReadonlyMap<string, { spec: VarSpec }> {
  const specs = new Map<string, { spec: VarSpec }>();
  const placeholder = {} as Tensor;
  new ResNet(spec, {
    ...options,
    vars: (path, variable) => {
      specs.set(path, { spec: variable });
      return placeholder;
    },
  });
  return specs;
}
