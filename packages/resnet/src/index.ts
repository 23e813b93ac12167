export {
  type CifarResNetOptions,
  cifarPlain,
  cifarPlainSpec,
  cifarResNet,
  cifarResNetSpec,
  type ShortcutOption,
} from './cifar.ts';
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
export { type Endpoint, ResNet, type ResNetOptions } from './resnet.ts';
export type { ResNetSpec } from './spec.ts';
export { CifarStem, ImagenetStem, type Stem, type StemOptions, type StemType } from './stem.ts';
