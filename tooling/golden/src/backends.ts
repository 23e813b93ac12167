import { tfjsNode } from '@residual/backend-node';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import type { TfjsBackend } from '@residual/compile';
import { requirement } from '@residual/testing';

/** The tfjs backends that every network's answers are compared on. */
export const backends: { backend: TfjsBackend; present: boolean; gradients: boolean }[] = [
  { backend: tfjsNode(), present: requirement('tfjs-node'), gradients: true },
  { backend: tfjsWasm(), present: true, gradients: false },
];
