import type { TfjsBackend, TfjsBackendInfo } from '@residual/compile';
import { setBackend } from '@tensorflow/tfjs-core';
import { describeAdapter, requestAdapter, webgpuAvailability } from './adapter.ts';
import { WebgpuBackendError } from './webgpu-backend-error.ts';

/**
 * tfjs's WebGPU backend, on a page or in a worker.
 *
 * `use()` throws {@link WebgpuBackendError} where the adapter gives no device.
 */
export function tfjsWebgpu(): TfjsBackend {
  return { name: 'tfjs-webgpu', isAvailable: webgpuAvailability, use: startWebgpu };
}

async function startWebgpu(): Promise<TfjsBackendInfo> {
  await import('@tensorflow/tfjs-backend-webgpu');
  const started = await setBackend('webgpu').catch(() => false);
  const adapter = started ? await requestAdapter() : null;
  if (!adapter) throw new WebgpuBackendError();
  const { version } = await import('@tensorflow/tfjs-backend-webgpu/dist/version.js');
  return { name: 'tfjs-webgpu', version, runsOn: describeAdapter(adapter.info) };
}
