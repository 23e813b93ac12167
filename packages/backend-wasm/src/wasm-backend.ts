import type { Availability, TfjsBackendInfo } from '@residual/compile';
import { engine, env, setBackend } from '@tensorflow/tfjs-core';
import { WasmBackendError } from './wasm-backend-error.ts';

/** Where the three `.wasm` files of tfjs-backend-wasm are: a folder (ending in `/`), or each file by its name. */
export type WasmFiles =
  | string
  | {
      readonly 'tfjs-backend-wasm.wasm': string;
      readonly 'tfjs-backend-wasm-simd.wasm': string;
      readonly 'tfjs-backend-wasm-threaded-simd.wasm': string;
    };

export function wasmAvailability(): Availability {
  if (typeof WebAssembly === 'object') return { available: true };
  return { available: false, reason: 'WebAssembly is switched off here' };
}

/** Loads tfjs-backend-wasm from `files` and makes it current; a backend that is up already stays as it is. */
export async function startWasm(files: WasmFiles, withThreads: boolean): Promise<TfjsBackendInfo> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  const isUp = 'wasm' in engine().registry;
  if (!isUp) {
    wasm.setWasmPaths(files);
    if (!withThreads) env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  }
  const started = await setBackend('wasm').catch(() => false);
  if (!started) throw new WasmBackendError(typeof files === 'string' ? files : files['tfjs-backend-wasm-simd.wasm']);
  const simd = (await env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'WebAssembly SIMD' : 'WebAssembly';
  const threads = wasm.getThreadsCount();
  return {
    name: 'tfjs-wasm',
    version: wasm.version_wasm,
    runsOn: `${simd}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
  };
}
