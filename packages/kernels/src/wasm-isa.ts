import { KernelError } from './kernel-error.ts';

/**
 * The instructions of a module: `simd128` runs wherever WASM has vectors, and gives the same bits everywhere;
 * `relaxed-simd` multiplies and adds by one instruction, rounded once where the CPU can.
 */
export type WasmIsa = 'simd128' | 'relaxed-simd';

/** Relaxed SIMD's multiply-add of three vectors. */
const multiplyAdd = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0], // header
  ...[1, 8, 1, 96, 3, 123, 123, 123, 1, 123], // its type
  ...[3, 2, 1, 0], // one function
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
]);

export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(multiplyAdd);
}

/**
 * The given one, or the fastest that this runtime has.
 *
 * @throws KernelError (`BAD_OPTION`) for one that it has not
 */
export function chooseIsa(given: WasmIsa | undefined): WasmIsa {
  const available: WasmIsa[] = hasRelaxedSimd() ? ['relaxed-simd', 'simd128'] : ['simd128'];
  if (given === undefined) return available[0]!;
  if (available.includes(given)) return given;
  throw new KernelError(
    'BAD_OPTION',
    `isa: expected one that this runtime has (${available.join(', ')}), got '${given}'`,
  );
}
