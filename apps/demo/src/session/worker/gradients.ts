import { tfjsWebgpu } from '@residual/backend-webgpu/tfjs';
import { setBackend } from '@tensorflow/tfjs-core';

/** A tfjs backend with all gradients: WebGPU, or tfjs's plain JavaScript; gives what it runs on. */
export async function useGradients(): Promise<string> {
  const webgpu = tfjsWebgpu();
  if ((await webgpu.isAvailable()).available) {
    const { name, runsOn } = await webgpu.use();
    return `${name}, ${runsOn}`;
  }
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  return 'tfjs-cpu, JavaScript';
}
