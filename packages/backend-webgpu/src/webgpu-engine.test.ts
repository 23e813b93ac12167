import { interpret, trace } from '@residual/compile';
import { engineContract, requirement } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { webgpu } from './webgpu-engine.ts';

describe.skipIf(!requirement('webgpu'))('webgpu', () => {
  beforeAll(provideWebgpu);

  engineContract('webgpu', { engine: webgpu, trace, interpret, tolerance: 1e-5 });

  test('an operation without a shader is named', async () => {
    const graph = await trace((t) => ({ y: tf.erf(t.input('x', [1, 4])) }));
    await expect(webgpu().compile(graph, new Map())).rejects.toMatchObject({
      code: 'UNSUPPORTED_NODE',
      message: expect.stringContaining("'Erf'"),
    });
  });
});
