import { tensorflow, tfjsNode } from '@residual/backend-node';
import { version_core } from '@tensorflow/tfjs-core';
import { UsageError } from '../usage-error.ts';

/**
 * Makes TensorFlow ready, and answers with the versions of it. The engine steps; tfjs's own backend makes the first
 * weights, and brings the gradients.
 *
 * @throws UsageError where TensorFlow is not here.
 */
export async function useTensorFlow(): Promise<Readonly<Record<string, string>>> {
  const { available, reason } = await tensorflow().isAvailable();
  if (!available) throw new UsageError(`train: expected TensorFlow to compute with, got none: ${reason}`);
  const { version, runsOn } = await tfjsNode().use();
  return { tfjs: version_core, 'tfjs-node': version, tensorflow: runsOn };
}
