export { type WasmOptions, wasm } from './wasm-engine.ts';
