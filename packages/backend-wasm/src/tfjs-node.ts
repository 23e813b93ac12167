import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { TfjsBackend } from '@residual/compile';
import { startWasm, wasmAvailability } from './wasm-backend.ts';

export { WasmBackendError } from './wasm-backend-error.ts';

/** tfjs's WASM backend in Node, on one thread (tfjs-backend-wasm has no threads there); it finds its files in node_modules itself. */
export function tfjsWasm(): TfjsBackend {
  return {
    name: 'tfjs-wasm',
    isAvailable: async () => wasmAvailability(),
    use: () => startWasm(folderInNodeModules(), false),
  };
}

function folderInNodeModules(): string {
  const require = createRequire(import.meta.url);
  return dirname(require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm')) + sep;
}
