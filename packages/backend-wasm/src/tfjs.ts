import type { TfjsBackend } from '@residual/compile';
import { startWasm, type WasmFiles, wasmAvailability } from './wasm-backend.ts';

export type { WasmFiles } from './wasm-backend.ts';
export { WasmBackendError } from './wasm-backend-error.ts';

export interface TfjsWasmOptions {
  /** Where the `.wasm` files are served from; by default where a bundler (Vite, webpack) puts them. */
  readonly files?: WasmFiles;
  /**
   * Threads where the page is cross-origin isolated; default off. Only for a tfjs-backend-wasm that no bundler has
   * touched: it starts its threads from its own source text, and what bundlers rename is missing there, so `use()` never ends.
   */
  readonly threads?: boolean;
}

/**
 * tfjs's WASM backend in a browser: SIMD where there is SIMD, one thread unless `threads` is set.
 *
 * `use()` throws {@link WasmBackendError} where the files cannot be loaded. There is no option for the number of threads:
 * tfjs-backend-wasm 4.22 ignores its own.
 *
 * @see https://github.com/tensorflow/tfjs/issues/8513
 */
export function tfjsWasm(options: TfjsWasmOptions = {}): TfjsBackend {
  return {
    name: 'tfjs-wasm',
    isAvailable: async () => wasmAvailability(),
    use: () => startWasm(options.files ?? bundledFiles(), options.threads ?? false),
  };
}

/** Bundlers find these files in node_modules by the literal expressions, and put their final addresses in. */
function bundledFiles(): WasmFiles {
  return {
    'tfjs-backend-wasm.wasm': new URL('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm', import.meta.url)
      .href,
    'tfjs-backend-wasm-simd.wasm': new URL(
      '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
      import.meta.url,
    ).href,
    'tfjs-backend-wasm-threaded-simd.wasm': new URL(
      '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm',
      import.meta.url,
    ).href,
  };
}
