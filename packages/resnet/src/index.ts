export { activations } from './activations.ts';
export { averageAndMaxPool } from './average-and-max-pool.ts';
export {
  type CifarResNetOptions,
  cifarPlain,
  cifarPlainSpec,
  cifarResNet,
  cifarResNetSpec,
  type ShortcutOption,
  wide_resnet14_2,
  wide_resnet14_2Spec,
} from './cifar.ts';
export {
  cifarFourStage,
  cifarFourStageSpec,
  cifarPreActivation,
  cifarPreActivationSpec,
  type FourStageDepth,
} from './cifar-four-stages.ts';
export { convolutionHead } from './convolution-head.ts';
export { deepStem } from './deep-stem.ts';
export type { TorchShapes } from './describe-head.ts';
export { fitModel, type ModelFit } from './fit-model.ts';
export { type Head, type HeadOptions, type HeadType, linearHead, linearHeadWithoutBias } from './head.ts';
export {
  plain18,
  plain18Spec,
  plain34,
  plain34Spec,
  resnet18,
  resnet18Spec,
  resnet26,
  resnet26Spec,
  resnet34,
  resnet34Spec,
  resnet50,
  resnet50Spec,
  resnet101,
  resnet101Spec,
  resnet152,
  resnet152Spec,
  resnext50_32x4d,
  resnext50_32x4dSpec,
  resnext101_32x8d,
  resnext101_32x8dSpec,
  resnext101_64x4d,
  resnext101_64x4dSpec,
  wide_resnet50_2,
  wide_resnet50_2Spec,
  wide_resnet101_2,
  wide_resnet101_2Spec,
} from './imagenet.ts';
export { type ModelNames, timmV2Names, torchvisionNames } from './model-names.ts';
export { averagePool, type Pool, type PoolOptions, type PoolType } from './pool.ts';
export { preActivationCifarStem, preActivationStem } from './pre-activation-stem.ts';
export { type Endpoint, ResNet, type ResNetOptions } from './resnet.ts';
export { resnetv2_50, resnetv2_50Spec } from './resnetv2.ts';
export { type SequentialLayer, sequentialHead } from './sequential-head.ts';
export type { ResNetSpec } from './spec.ts';
export { cifarStem, imagenetStem, type Stem, type StemOptions, type StemType } from './stem.ts';
export { resnet50d, resnet50dSpec, seresnet50, seresnet50Spec } from './timm.ts';
