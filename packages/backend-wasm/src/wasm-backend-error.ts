/** tfjs's WASM backend did not start: most often its files are not where they were looked for. */
export class WasmBackendError extends Error {
  readonly code = 'WASM_BACKEND_FAILED';
  readonly files: string;

  constructor(files: string) {
    super(
      `tfjs-wasm did not start; expected tfjs-backend-wasm*.wasm at ${files}; pass tfjsWasm({files}) the folder they are served from`,
    );
    this.name = 'WasmBackendError';
    this.files = files;
    Object.defineProperty(this, Symbol.for('residual.WasmBackendError'), { value: true });
  }

  static isInstance(error: unknown): error is WasmBackendError {
    return error instanceof Error && Symbol.for('residual.WasmBackendError') in error;
  }
}
