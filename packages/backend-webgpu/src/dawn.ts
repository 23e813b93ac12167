import type { Availability } from '@residual/compile';
import { gpu, webgpuAvailability } from './adapter.ts';
import { type WebgpuEngine, type WebgpuOptions, webgpu } from './webgpu-engine.ts';

/** Kept: Dawn's objects must not be collected while its devices live. */
let provided: Promise<Availability> | undefined;

/**
 * The engine `webgpu()` in Node, on Dawn: the optional package `webgpu`, which needs the system's Vulkan, Metal or Direct3D.
 * Where there is a `navigator.gpu` already, it takes that; else it makes one.
 */
export function dawnWebgpu(options: WebgpuOptions = {}): WebgpuEngine {
  const engine = webgpu(options);
  return {
    ...engine,
    isAvailable: provideDawn,
    async compile(...network) {
      await provideDawn();
      return engine.compile(...network);
    },
  };
}

/** Makes `navigator.gpu` where there is none. @returns Whether there is an adapter, and if not, why. */
export async function provideDawn(): Promise<Availability> {
  if (gpu() !== undefined) return webgpuAvailability();
  provided ??= makeGpu();
  return provided;
}

async function makeGpu(): Promise<Availability> {
  try {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    // Node 20 has no `navigator`.
    if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: {} });
    Object.defineProperty(globalThis.navigator, 'gpu', { value: create([]), configurable: true });
  } catch (error) {
    const [got] = String(error).split('\n');
    return { available: false, reason: `expected the package webgpu (Dawn) beside it, got ${got}; install it` };
  }
  return webgpuAvailability();
}
