export { KernelError, type KernelErrorCode } from './kernel-error.ts';
export type { KernelGraph, KernelPort } from './kernel-graph.ts';
export type { KernelInfo, KernelOptions, KernelProgram, KernelRunOptions, KernelStep } from './kernel-program.ts';
export { compileProgram, type WasmKernelOptions } from './wasm.ts';
export type { WasmIsa } from './wasm-isa.ts';
