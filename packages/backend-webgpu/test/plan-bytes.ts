import type { Graph } from '@residual/compile';
import { expect } from 'vitest';
import { planFile } from '../src/plan-file.ts';

/** A plan's file, put together of its pieces. */
export function planBytes(graph: Graph, options: Parameters<typeof planFile>[1] = {}): ArrayBuffer {
  const { chunks, sizeBytes } = planFile(graph, options);
  const file = new Uint8Array(sizeBytes);
  let at = 0;
  for (const chunk of chunks) {
    file.set(chunk, at);
    at += chunk.length;
  }
  expect(at).toBe(sizeBytes);
  return file.buffer;
}
