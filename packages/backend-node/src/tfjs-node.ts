import type { Availability, TfjsBackend, TfjsBackendInfo } from '@residual/compile';
import { backend, setBackend } from '@tensorflow/tfjs-core';
import { registerFusedBatchNorm } from './fused-batch-norm.ts';
import { registerGroupedConvolution } from './grouped-convolution.ts';
import { loadTfjsNode } from './load-tfjs-node.ts';
import type { TensorFlowOptions } from './tensorflow/prepare-tensorflow.ts';
import { TfjsNodeError } from './tfjs-node-error.ts';

export interface TfjsNodeOptions {
  /** Threads that TensorFlow computes with, at least 1; as many as there are cores by default. Set once per process. */
  readonly threads?: number;
}

/**
 * tfjs-node, TensorFlow's C library under tfjs: loaded only when asked, without TensorFlow's banner, and mended for Node ≥ 23.
 *
 * `use()` throws {@link TfjsNodeError} where it is not installed, not built, or does not load.
 */
export function tfjsNode(options: TfjsNodeOptions = {}): TfjsBackend {
  return {
    name: 'tfjs-node',
    isAvailable: () => availability(options),
    use: () => use(options),
  };
}

/** Only loading it proves that it loads; `use` then finds it loaded. */
async function availability(options: TensorFlowOptions): Promise<Availability> {
  try {
    await loadTfjsNode(options);
    return { available: true };
  } catch (error) {
    if (TfjsNodeError.isInstance(error)) return { available: false, reason: error.reason };
    throw error;
  }
}

async function use(options: TensorFlowOptions): Promise<TfjsBackendInfo> {
  const { version } = await loadTfjsNode(options);
  await setBackend('tensorflow');
  registerGroupedConvolution();
  registerFusedBatchNorm();
  const { binding } = backend() as unknown as { binding: { TF_Version: string } };
  return { name: 'tfjs-node', version: version['tfjs-node'], runsOn: `libtensorflow ${binding.TF_Version}` };
}
