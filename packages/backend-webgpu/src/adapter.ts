import type { Availability } from '@residual/compile';

/** Whether a page, a worker or Node has WebGPU with an adapter, and if not, why. */
export async function webgpuAvailability(): Promise<Availability> {
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

/** The adapter that tfjs asks for too. */
export async function requestAdapter(): Promise<GPUAdapter | null> {
  return (await gpu()?.requestAdapter({ powerPreference: 'high-performance' })) ?? null;
}

/** Node 20 has no `navigator`, Node 21 and later one without `gpu`. */
export function gpu(): GPU | undefined {
  return (globalThis.navigator as Navigator | undefined)?.gpu;
}

/** The adapter's name, for people. */
export function describeAdapter({ description, vendor, architecture }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter(Boolean).join(' ') || 'a WebGPU adapter';
}
