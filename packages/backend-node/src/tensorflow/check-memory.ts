import { totalmem } from 'node:os';
import { EngineError, type Graph, planBuffers } from '@residual/compile';

/**
 * Where memory runs out TensorFlow's fused operations crash the process, so a graph that cannot fit is refused before.
 *
 * @throws EngineError (`UNAVAILABLE`)
 */
export function checkMemory(graph: Graph): void {
  const neededMB = Math.ceil(planBuffers(graph).peakBytes / 1e6);
  const presentMB = Math.floor(Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY) / 1e6);
  if (neededMB <= presentMB) return;
  const counts = `expected a graph that runs in this machine's ${presentMB} MB, got one that needs ${neededMB}`;
  throw new EngineError('UNAVAILABLE', 'tensorflow', `tensorflow: ${counts}; choose a smaller batch or picture`);
}
