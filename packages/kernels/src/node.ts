export { allowRelaxedSimd } from './allow-relaxed-simd.ts';
export { type AddonResult, type CpuLimits, loadAddon } from './load-addon.ts';
export {
  type CalibrationSamples,
  type CalibrationSource,
  compileProgram,
  type KernelPrecision,
  measureLimits,
  type NativeKernelOptions,
  type TuneOptions,
} from './native.ts';
export type { PackedWeightsCache } from './packed-weights-cache.ts';
