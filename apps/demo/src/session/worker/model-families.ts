import { imagenetStem } from '@residual/resnet';
import type { ModelFamily } from './protocol.ts';

/** Every model there is, by the pictures it is made for. */
export async function modelFamilies(): Promise<readonly ModelFamily[]> {
  const { modelSpecs } = await import('@residual/resnet/registry');
  const specs = [...modelSpecs().values()];
  const isCifar = ({ stem = imagenetStem }: (typeof specs)[number]) => stem.sizePx === 32;
  return [
    { title: 'ImageNet', names: specs.filter((spec) => !isCifar(spec)).map(({ name }) => name) },
    { title: 'CIFAR', names: specs.filter(isCifar).map(({ name }) => name) },
  ];
}
