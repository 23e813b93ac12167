import { shapesOnly, type VarSource } from '@residual/blocks';
import { attentionPool, ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { buildArchitecture } from './architectures.ts';

/** As `buildArchitecture`; CLIP's have places for the feature map of a title's picture, `clip_resnet50 at 64x64`. */
export function buildPublished(title: string, vars: VarSource): ResNet {
  const size = /^clip_.* at (\d+)x/.exec(title)?.[1];
  if (size === undefined) return buildArchitecture(title, vars);
  const { spec } = buildArchitecture(title, shapesOnly);
  const outFeatures = new ResNet(getSpec(spec.name), { vars: shapesOnly }).numPooled;
  return new ResNet({ ...spec, pool: attentionPool({ edge: Number(size) / 32, outFeatures }) }, { vars });
}
