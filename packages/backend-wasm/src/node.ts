export { allowRelaxedSimd } from '@residual/kernels/node';
export { type WasmOptions, wasm } from './wasm-engine.ts';
