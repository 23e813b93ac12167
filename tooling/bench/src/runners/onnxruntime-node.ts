import { type Job, type Runner, SPINNING_OFF } from '../job.ts';
import { runOnnx } from './onnx-session.ts';

/** onnxruntime-node on its CPU provider. */
export async function onnxruntimeNode(job: Job): Promise<() => Promise<Runner>> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  return async () => {
    const isQuiet = job.variant === SPINNING_OFF;
    const session = await InferenceSession.create(job.onnxFile, {
      intraOpNumThreads: job.threads,
      interOpNumThreads: 1,
      ...(isQuiet && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
    });
    const device = `CPU provider, ${job.threads} threads${isQuiet ? ', spinning off' : ''}`;
    return { device, run: runOnnx(session, Tensor, job) };
  };
}
