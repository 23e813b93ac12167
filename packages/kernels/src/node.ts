export { type AddonResult, loadAddon } from './load-addon.ts';
export { compileProgram, type NativeKernelOptions } from './native.ts';
