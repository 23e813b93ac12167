import * as tf from '@tensorflow/tfjs-core';
import type { VarSource } from './var-scope.ts';

/**
 * Freshly initialised variables. With a seed each tf.variable depends on the seed and its path alone, not on the order.
 *
 * @param seed an integer; left out, every model differs.
 */
export function randomVars({ seed }: { seed?: number } = {}): VarSource {
  const start = seed ?? Math.floor(Math.random() * 2 ** 31);
  return (path, spec) =>
    tf.tidy(() =>
      tf.variable(spec.initializer(spec.shape, hashPath(path, start)), spec.trainable, undefined, 'float32'),
    );
}

/** FNV-1a. */
function hashPath(path: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}
