import { interpret, trace } from '@residual/compile';
import { loadAddon } from '@residual/kernels/node';
import { engineContract, requirement } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { native } from './native-engine.ts';

describe.skipIf(!requirement('native'))('native', () => {
  for (const isa of loadAddon().addon?.instructionSets() ?? []) {
    engineContract(`native on ${isa}`, { engine: () => native({ isa }), trace, interpret, tolerance: 1e-5 });
  }

  test('an operation that the kernels lack is named, with what to do', async () => {
    const graph = await trace((t) => ({ y: tf.erf(t.input('x', [1, 4])) }));
    await expect(native().compile(graph, new Map())).rejects.toMatchObject({
      code: 'UNSUPPORTED_NODE',
      message: expect.stringContaining("'Erf'"),
    });
  });
});
