import { CifarStem } from '@residual/resnet';
import { modelSpecs } from '@residual/resnet/registry';
import type { ModelFamily } from './protocol.ts';

/** Every model there is, by the pictures it is made for. */
export function modelFamilies(): readonly ModelFamily[] {
  const specs = [...modelSpecs().values()];
  const isCifar = (spec: (typeof specs)[number]) => spec.stem === CifarStem;
  return [
    { title: 'ImageNet', names: specs.filter((spec) => !isCifar(spec)).map(({ name }) => name) },
    { title: 'CIFAR', names: specs.filter(isCifar).map(({ name }) => name) },
  ];
}
