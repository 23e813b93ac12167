import { type Job, type Runner, SPINNING_OFF } from '../job.ts';
import { runOnnx } from './onnx-session.ts';

/** onnxruntime-node on its CPU provider. */
export async function onnxruntimeNode(job: Job): Promise<() => Promise<Runner>> {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-node');
  return async () => {
    const isQuiet = job.variant === SPINNING_OFF;
    const session = await InferenceSession.create(job.int8File ?? job.onnxFile, {
      intraOpNumThreads: job.threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      executionMode: 'sequential',
      enableCpuMemArena: true,
      enableMemPattern: true,
      // Shapes that are known let it plan memory beforehand.
      freeDimensionOverrides: { N: job.batch },
      extra: { session: { set_denormal_as_zero: '1', ...(isQuiet && { intra_op: { allow_spinning: '0' } }) } },
    });
    const spinning = isQuiet ? ', spinning off' : '';
    const device = `ONNX Runtime ${env.versions.node}, CPU provider, ${job.threads} threads${spinning}`;
    return { device, run: runOnnx(session, Tensor, job) };
  };
}
