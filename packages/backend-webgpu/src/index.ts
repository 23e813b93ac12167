import type { Availability, TfjsBackend, TfjsBackendInfo } from '@residual/compile';
import { setBackend } from '@tensorflow/tfjs-core';
import { WebgpuBackendError } from './webgpu-backend-error.ts';

export { WebgpuBackendError } from './webgpu-backend-error.ts';

/**
 * tfjs's WebGPU backend, on a page or in a worker.
 *
 * `use()` throws {@link WebgpuBackendError} where the adapter gives no device.
 */
export function tfjsWebgpu(): TfjsBackend {
  return { name: 'tfjs-webgpu', isAvailable: webgpuAvailability, use: startWebgpu };
}

async function webgpuAvailability(): Promise<Availability> {
  if (gpu() === undefined) {
    const insecure = globalThis.isSecureContext === false;
    return {
      available: false,
      reason: insecure ? 'WebGPU needs https or localhost' : 'there is no WebGPU here (navigator.gpu)',
    };
  }
  try {
    if (await requestAdapter()) return { available: true };
  } catch (error) {
    return { available: false, reason: `WebGPU refused: ${error instanceof Error ? error.message : String(error)}` };
  }
  return { available: false, reason: 'WebGPU has no adapter here: no GPU, or its driver is blocked' };
}

async function startWebgpu(): Promise<TfjsBackendInfo> {
  await import('@tensorflow/tfjs-backend-webgpu');
  const started = await setBackend('webgpu').catch(() => false);
  const adapter = started ? await requestAdapter() : null;
  if (!adapter) throw new WebgpuBackendError();
  const { version } = await import('@tensorflow/tfjs-backend-webgpu/dist/version.js');
  return { name: 'tfjs-webgpu', version, runsOn: describe(adapter.info) };
}

/** The adapter that tfjs asks for too. */
async function requestAdapter(): Promise<GPUAdapter | null> {
  return (await gpu()?.requestAdapter({ powerPreference: 'high-performance' })) ?? null;
}

/** Node 20 has no `navigator`, Node 21 and later one without `gpu`. */
function gpu(): GPU | undefined {
  return (globalThis.navigator as Navigator | undefined)?.gpu;
}

function describe({ description, vendor, architecture }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter(Boolean).join(' ') || 'a WebGPU adapter';
}
