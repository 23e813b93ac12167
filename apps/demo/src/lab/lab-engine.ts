import { webgpu } from '@residual/backend-webgpu';
import { type Engine, EngineError } from '@residual/compile';
import { setBackend } from '@tensorflow/tfjs-core';
import { useGradients } from '../session/worker/gradients.ts';

/**
 * Who trains: the WebGPU plan, a whole step one submit, where there is an adapter; `undefined` for the current tfjs backend, which
 * then has gradients.
 *
 * @param say Told what computes, once that is known.
 */
export async function labEngine(say: (runsOn: string) => void): Promise<Engine | undefined> {
  const engine = webgpu();
  const { available } = await engine.isAvailable();
  if (!available) {
    say(await useGradients());
    return undefined;
  }
  // The first values of the parameters are made by tfjs.
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  return {
    ...engine,
    async compile(...network) {
      const executable = await engine.compile(...network);
      say(`webgpu, ${executable.info.device}`);
      return executable;
    },
  };
}

/** Whether a training that failed may be tried anew without the engine: it has not what the step needs, or no memory. */
export function isRefused(error: unknown): boolean {
  return EngineError.isInstance(error) && (error.code === 'UNSUPPORTED_NODE' || error.code === 'UNAVAILABLE');
}
