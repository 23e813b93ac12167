export { activated } from './activated.ts';
export { type Activation, hardSwish, identity, leakyRelu, relu, relu6, silu } from './activation.ts';
export { type AntiAlias, averageAntiAlias, blurAntiAlias } from './anti-alias.ts';
export type { Attention, AttentionOptions, AttentionType } from './attention.ts';
export { BasicBlock, type BasicBlockKind, basicBlock, PlainBasicBlock } from './basic-block.ts';
export { BATCH_NORM_TRAINING, BATCH_NORM_TRAINING_GRAD } from './batch-norm-training.ts';
export { BatchNorm2d, batchNorm } from './batch-norm2d.ts';
export type { Block, BlockOptions, BlockType, StrideIn } from './block.ts';
export { Bottleneck, type BottleneckKind, bottleneck, PlainBottleneck } from './bottleneck.ts';
export { Conv2d, type Conv2dOptions, type Convolution, type ConvType, conv2d } from './conv2d.ts';
export { GROUPED_CONV_2D } from './convolve.ts';
export { efficientChannelAttention } from './efficient-channel-attention.ts';
export { evoNormS0 } from './evo-norm.ts';
export type { ForwardOptions } from './forward-options.ts';
export { groupNorm } from './group-norm.ts';
export { constant, type Initializer, kaimingNormalFanOut, uniformFanIn } from './initializer.ts';
export { type Layers, usualLayers } from './layers.ts';
export { fromTorch, type Layout, type TorchView, torchShape, toTorch, viewTorch } from './layout.ts';
export { Linear, type LinearOptions } from './linear.ts';
export { type MaxPoolOptions, maxPool, maxPoolToEnd } from './max-pool.ts';
export type { Norm, NormOptions, NormType } from './norm.ts';
export { padSpatial } from './pad-spatial.ts';
export {
  type PreActivationNames,
  timmPreActivationNames,
  usualPreActivationNames,
} from './pre-activation.ts';
export { PreActivationBasicBlock, preActivationBasicBlock } from './pre-activation-basic-block.ts';
export {
  PreActivationBottleneck,
  type PreActivationBottleneckKind,
  preActivationBottleneck,
} from './pre-activation-bottleneck.ts';
export { randomVars } from './random-vars.ts';
export { type Res2NetBottleneckKind, res2netBottleneck } from './res2net-bottleneck.ts';
export { type ResnestBottleneckKind, resnestBottleneck } from './resnest-bottleneck.ts';
export type { SelectiveKernelKind } from './selective-kernel.ts';
export { selectiveKernelBasicBlock } from './selective-kernel-basic-block.ts';
export { selectiveKernelBottleneck } from './selective-kernel-bottleneck.ts';
export { shapesOnly } from './shapes-only.ts';
export {
  averagedProjectionShortcut,
  averagePoolConvolutionShortcut,
  averagePoolShortcut,
  convolutionShortcut,
  type MakeShortcutOptions,
  makeShortcut,
  paddingShortcut,
  projectionShortcut,
  type Shortcut,
  type ShortcutOptions,
  type ShortcutType,
  wideProjectionShortcut,
} from './shortcut.ts';
export { type SqueezeExciteOptions, squeezeExcite } from './squeeze-excite.ts';
export type { HostData, HostTensor, StateDict } from './state-dict.ts';
export { StateDictError } from './state-dict-error.ts';
export {
  assertFits,
  compare,
  type LoadReport,
  loadStateDict,
  StateDictVars,
  stateDictOf,
} from './state-dict-vars.ts';
export { StdConv2d, stdConv2d } from './std-conv2d.ts';
export { type VarEntry, VarScope, type VarSource, type VarSpec } from './var-scope.ts';
export { viewStateDict } from './view-state-dict.ts';
