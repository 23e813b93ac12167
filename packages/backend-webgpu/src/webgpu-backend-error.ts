/** tfjs's WebGPU backend did not start, although there is an adapter. */
export class WebgpuBackendError extends Error {
  readonly code = 'WEBGPU_BACKEND_FAILED';

  constructor() {
    super('tfjs-webgpu did not start; expected a device from the adapter, got none; reload the page, or use tfjs-wasm');
    this.name = 'WebgpuBackendError';
    Object.defineProperty(this, Symbol.for('residual.WebgpuBackendError'), { value: true });
  }

  static isInstance(error: unknown): error is WebgpuBackendError {
    return error instanceof Error && Symbol.for('residual.WebgpuBackendError') in error;
  }
}
