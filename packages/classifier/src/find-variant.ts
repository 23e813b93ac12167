import type { StateDict } from '@residual/blocks';
import type { ResNetSpec } from '@residual/resnet';
import { rankVariants } from './check-weights.ts';

/** The variant that weights are of, whatever their number of classes; the nearest where none fits, so that checking says why. */
export async function findVariant(dict: StateDict): Promise<ResNetSpec> {
  const { getSpec } = await import('@residual/resnet/registry');
  const [nearest] = await rankVariants(dict);
  return getSpec(nearest!.name);
}
