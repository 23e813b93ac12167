import { tfjsWasm } from '@residual/backend-wasm';
import { tfjsWebgpu, WebgpuBackendError } from '@residual/backend-webgpu';
import { type TfjsBackend, type TfjsBackendChoice, useFirstTfjsBackend } from '@residual/compile';
import type { DeviceName } from './protocol.ts';

const backends: Readonly<Record<DeviceName, () => TfjsBackend>> = {
  'tfjs-webgpu': tfjsWebgpu,
  'tfjs-wasm': tfjsWasm,
};

/** Starts the first device that can run here; an adapter that then gives no device is passed over too. */
export async function startDevice(names: readonly DeviceName[]): Promise<TfjsBackendChoice> {
  try {
    return await useFirstTfjsBackend(names.map((name) => backends[name]()));
  } catch (error) {
    const others = names.filter((name) => name !== 'tfjs-webgpu');
    if (!WebgpuBackendError.isInstance(error) || others.length === 0) throw error;
    const { info, passedOver } = await startDevice(others);
    return { info, passedOver: [{ name: 'tfjs-webgpu', reason: error.message }, ...passedOver] };
  }
}
