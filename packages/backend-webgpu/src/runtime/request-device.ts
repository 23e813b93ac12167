import { PlanError } from './plan-error.ts';

/** What is used where an adapter has it: for subgroups by shaders, for the others to choose a precision and to time the steps of a profile. */
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

/**
 * A device with all that the adapter allows of buffer sizes, and the features that shaders may use.
 *
 * @throws PlanError (`UNAVAILABLE`) where there is no WebGPU, adapter or device.
 */
export async function requestDevice(): Promise<GPUDevice> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    const got = gpu ? 'no adapter' : 'no WebGPU (navigator.gpu)';
    throw new PlanError('UNAVAILABLE', `webgpu: expected an adapter, got ${got}; take another engine, such as wasm()`);
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  try {
    return await adapter.requestDevice({
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
      requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
    });
  } catch (cause) {
    throw new PlanError('UNAVAILABLE', `webgpu: expected a device, got ${String(cause)}; reload, or take wasm()`, {
      cause,
    });
  }
}
