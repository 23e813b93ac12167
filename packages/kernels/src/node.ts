export { allowRelaxedSimd } from './allow-relaxed-simd.ts';
export { type AddonResult, loadAddon } from './load-addon.ts';
export { compileProgram, type KernelPrecision, type NativeKernelOptions } from './native.ts';
