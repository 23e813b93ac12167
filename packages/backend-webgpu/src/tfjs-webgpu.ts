import type { TfjsBackend, TfjsBackendInfo } from '@residual/compile';
import { setBackend } from '@tensorflow/tfjs-core';
import { describeAdapter, requestAdapter, webgpuAvailability } from './adapter.ts';
import { WebgpuBackendError } from './webgpu-backend-error.ts';

/**
 * tfjs's WebGPU backend, on a page or in a worker.
 *
 * `use()` throws {@link WebgpuBackendError} where the adapter gives no device, and an Error where its package, an optional peer,
 * is not installed.
 */
export function tfjsWebgpu(): TfjsBackend {
  return { name: 'tfjs-webgpu', isAvailable: webgpuAvailability, use: startWebgpu };
}

async function startWebgpu(): Promise<TfjsBackendInfo> {
  await import('@tensorflow/tfjs-backend-webgpu').catch(sayMissing);
  const started = await setBackend('webgpu').catch(() => false);
  const adapter = started ? await requestAdapter() : null;
  if (!adapter) throw new WebgpuBackendError();
  const { version } = await import('@tensorflow/tfjs-backend-webgpu/dist/version.js');
  return { name: 'tfjs-webgpu', version, runsOn: describeAdapter(adapter.info) };
}

function sayMissing(cause: Error & { readonly code?: string }): never {
  if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
  throw new Error('tfjs-webgpu: expected @tensorflow/tfjs-backend-webgpu, found none; npm install it', { cause });
}
