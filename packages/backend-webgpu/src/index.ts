export { indexedDbVariants } from './indexed-db-variants.ts';
export type { VariantMemory } from './plan/measure-variants.ts';
export { type PrecisionParity, type PrecisionTimes, precisionParity } from './precision-parity.ts';
export { type FollowedFrame, type FollowVideoOptions, type FrameAnswer, followVideo } from './runtime/follow-video.ts';
export { PictureInput, type PictureSource } from './runtime/picture-input.ts';
export { PlanError, type PlanErrorCode } from './runtime/plan-error.ts';
export type { GpuInput, InputTarget } from './runtime/plan-runner.ts';
export {
  type WebgpuEngine,
  type WebgpuExecutable,
  type WebgpuOptions,
  type WebgpuPrecision,
  webgpu,
} from './webgpu-engine.ts';
