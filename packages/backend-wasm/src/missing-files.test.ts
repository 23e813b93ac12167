import { expect, test, vi } from 'vitest';
import { tfjsWasm } from './tfjs.ts';
import { WasmBackendError } from './wasm-backend-error.ts';

test('files that are not where they should be: the error says where they were looked for and what to do', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const error = await tfjsWasm({ files: '/nowhere/' })
    .use()
    .catch((reason: unknown) => reason);
  expect(WasmBackendError.isInstance(error)).toBe(true);
  expect(String(error)).toContain('expected tfjs-backend-wasm*.wasm at /nowhere/; pass tfjsWasm({files})');
  warn.mockRestore();
});
