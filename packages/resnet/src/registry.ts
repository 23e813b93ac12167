import { antiAliasedSpecs } from './anti-aliased-nets.ts';
import { channelAttentionSpecs } from './channel-attention-nets.ts';
import { cifarPlainSpec, cifarResNetSpec, cifarSpecOf, wide_resnet14_2Spec } from './cifar.ts';
import {
  cifarFourStageSpec,
  cifarMaxPoolSpec,
  cifarPreActivationSpec,
  type FourStageDepth,
} from './cifar-four-stages.ts';
import { clipSpecs } from './clip.ts';
import * as imagenet from './imagenet.ts';
import { kerasSpecs } from './keras.ts';
import { legacySenetSpecs } from './legacy-senet.ts';
import { prunedSpecs } from './pruned-nets.ts';
import { res2netSpecs } from './res2net.ts';
import { resnestSpecs } from './resnest.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import { resnetRsSpecs } from './resnet-rs.ts';
import { resnetV2Specs } from './resnetv2.ts';
import { sknetSpecs } from './sknet.ts';
import type { ResNetSpec } from './spec.ts';
import { squeezeExciteSpecs } from './squeeze-excite-nets.ts';
import { timmResNetSpecs } from './timm.ts';
import { UnknownModelError } from './unknown-model-error.ts';

/** Every named variant: what `createModel` builds and `listModels` lists. */
export function modelSpecs(): ReadonlyMap<string, ResNetSpec> {
  const depths = [20, 32, 44, 56, 110];
  const fourStages: FourStageDepth[] = [18, 34, 50, 101, 152];
  const specs = [
    imagenet.resnet18Spec,
    imagenet.resnet26Spec,
    imagenet.resnet34Spec,
    imagenet.resnet50Spec,
    imagenet.resnet101Spec,
    imagenet.resnet152Spec,
    imagenet.resnext50_32x4dSpec,
    imagenet.resnext101_32x8dSpec,
    imagenet.resnext101_64x4dSpec,
    imagenet.wide_resnet50_2Spec,
    imagenet.wide_resnet101_2Spec,
    ...timmResNetSpecs(),
    ...squeezeExciteSpecs(),
    ...channelAttentionSpecs(),
    ...antiAliasedSpecs(),
    ...resnetRsSpecs(),
    ...prunedSpecs(),
    ...legacySenetSpecs(),
    ...resnetV2Specs(),
    ...res2netSpecs(),
    ...resnestSpecs(),
    ...sknetSpecs(),
    ...kerasSpecs(),
    ...clipSpecs(),
    imagenet.plain18Spec,
    imagenet.plain34Spec,
    ...depths.map((depth) => cifarResNetSpec(depth)),
    ...depths.map((depth) => cifarResNetSpec(depth, 'B')),
    ...depths.map((depth) => cifarPlainSpec(depth)),
    wide_resnet14_2Spec,
    ...fourStages.map(cifarFourStageSpec),
    ...fourStages.map(cifarMaxPoolSpec),
    ...fourStages.map(cifarPreActivationSpec),
  ];
  return new Map(specs.map((spec) => [spec.name, spec]));
}

/** Names that match a pattern of `*` and `?` (default: all), in the table's order. @see timm `list_models` */
export function listModels(pattern = '*'): string[] {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${escaped}$`);
  return [...modelSpecs().keys()].filter((name) => expression.test(name));
}

/**
 * The variant of a name: one of `modelSpecs`, or a CIFAR net of any depth 6n + 2, such as `resnet1202`, `resnet14_b`, `plain14`.
 *
 * @throws UnknownModelError, which lists the names there are.
 */
export function getSpec(name: string): ResNetSpec {
  const spec = modelSpecs().get(name) ?? cifarSpecOf(name);
  if (!spec) throw new UnknownModelError(name, [...modelSpecs().keys()]);
  return spec;
}

/** Builds a variant by name; where the name is known beforehand, its function (`resnet50`) leaves the others out of a bundle. @throws UnknownModelError */
export function createModel(name: string, options?: ResNetOptions): ResNet {
  return new ResNet(getSpec(name), options);
}
