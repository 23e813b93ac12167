import type { Job, Runner } from '../job.ts';
import { runOnnx } from './onnx-session.ts';

/** onnxruntime-web on its WASM provider, in Node. */
export async function onnxruntimeWeb(job: Job): Promise<() => Promise<Runner>> {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-web');
  env.wasm.numThreads = job.threads;
  return async () => {
    const session = await InferenceSession.create(job.onnxFile, { executionProviders: ['wasm'] });
    return {
      device: `ONNX Runtime ${env.versions.web}, WASM, ${job.threads} threads`,
      run: runOnnx(session, Tensor, job),
    };
  };
}
