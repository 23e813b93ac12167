import { setFlagsFromString } from 'node:v8';
import { hasRelaxedSimd } from './wasm-isa.ts';

/**
 * Lets the WASM kernels multiply and add by one instruction in Node 20, which has relaxed SIMD behind a flag of V8; this
 * sets it for the whole process, which is why only an application should. Later versions have it without. Call it before
 * the first program is compiled.
 *
 * @returns Whether relaxed SIMD is there now.
 */
export function allowRelaxedSimd(): boolean {
  if (!hasRelaxedSimd()) setFlagsFromString('--experimental-wasm-relaxed-simd');
  return hasRelaxedSimd();
}
