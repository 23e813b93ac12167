export { BasicBlock, PlainBasicBlock } from './basic-block.ts';
export { BATCH_NORM_TRAINING, BATCH_NORM_TRAINING_GRAD } from './batch-norm-training.ts';
export { BatchNorm2d } from './batch-norm2d.ts';
export type { Block, BlockOptions, BlockType } from './block.ts';
export { Bottleneck, PlainBottleneck } from './bottleneck.ts';
export { Conv2d, type Conv2dOptions } from './conv2d.ts';
export { GROUPED_CONV_2D } from './convolve.ts';
export type { ForwardOptions } from './forward-options.ts';
export { constant, type Initializer, kaimingNormalFanOut, uniformFanIn } from './initializer.ts';
export { fromTorch, type Layout, type TorchView, torchShape, toTorch, viewTorch } from './layout.ts';
export { Linear } from './linear.ts';
export { padSpatial } from './pad-spatial.ts';
export { randomVars } from './random-vars.ts';
export {
  makeShortcut,
  paddingShortcut,
  projectionShortcut,
  type Shortcut,
  type ShortcutOptions,
  type ShortcutType,
} from './shortcut.ts';
export type { HostData, HostTensor, StateDict } from './state-dict.ts';
export { StateDictError } from './state-dict-error.ts';
export {
  assertFits,
  compare,
  type LoadReport,
  loadStateDict,
  readStateDict,
  StateDictVars,
} from './state-dict-vars.ts';
export { type VarEntry, VarScope, type VarSource, type VarSpec } from './var-scope.ts';
