import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { interpret, type Tracer, trace, type Weights } from '@residual/compile';
import { engineContract, requirement } from '@residual/testing';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { describe, expect, test } from 'vitest';
import { SessionClient } from './tensorflow/session-client.ts';
import { tensorflow } from './tensorflow-engine.ts';

const contract = { trace, interpret, tolerance: 1e-5, trains: true };

describe.skipIf(!requirement('tfjs-node'))('tensorflow', () => {
  engineContract('tensorflow', { ...contract, engine: tensorflow });

  engineContract('tensorflow, weights fed', { ...contract, engine: () => tensorflow({ weights: 'inputs' }) });

  describe.runIf(hasBfloat16())('in bfloat16', () => {
    engineContract('tensorflow, bf16', {
      ...contract,
      engine: () => tensorflow({ precision: 'bf16' }),
      tolerance: 0.02,
      without: ['the gradients of max pooling padded with the least number'],
    });
  });

  test('says what it runs on', async () => {
    expect(await tensorflow().isAvailable()).toEqual({ available: true });
    const executable = await tensorflow().compile(await trace(matrixProduct(4)), weightsOf(4));
    expect(executable.info).toMatchObject({ engine: 'tensorflow', nodeCount: 1, weightBytes: 64 });
    expect(executable.info.device).toMatch(/^TensorFlow 2\.\d+\.\d+$/);
    await executable.dispose();
  });

  test("the caller's event loop goes on while it computes", async () => {
    const size = 1500;
    const executable = await tensorflow().compile(await trace(matrixProduct(size)), weightsOf(size));
    let ticks = 0;
    const ticker = setInterval(() => {
      ticks += 1;
    }, 1);
    const started = performance.now();
    await executable.run({ x: new Float32Array(size * size) });
    const elapsedMs = performance.now() - started;
    clearInterval(ticker);
    await executable.dispose();
    expect(ticks).toBeGreaterThan(elapsedMs / 20);
  });

  test('weights that are fed are shared by executables of several sizes, and freed with the last', async () => {
    const engine = tensorflow({ weights: 'inputs' });
    const weights = weightsOf(8);
    const asked: string[] = [];
    const client = SessionClient.shared({});
    const ask = client.ask.bind(client);
    client.ask = (kind, ...rest) => {
      asked.push(kind);
      return ask(kind, ...rest);
    };
    const [one, two] = [
      await engine.compile(await trace(matrixProduct(8, 1)), weights),
      await engine.compile(await trace(matrixProduct(8, 2)), weights),
    ];
    await one.dispose();
    expect((await two.run({ x: new Float32Array(16).fill(1) }))['y']).toEqual(new Float32Array(16).fill(4));
    await two.dispose();
    expect(asked.filter((kind) => kind === 'keep')).toHaveLength(1);
    expect(asked.filter((kind) => kind === 'free')).toHaveLength(3);
  });

  test('what TensorFlow refuses is an error of one line, and the next graph compiles', async () => {
    const graph = await trace((t) => ({ y: tf.softmax(t.input('x', [2, 2])) }));
    const broken = { ...graph, values: graph.values.map((value) => ({ ...value, dtype: 'int32' as const })) };
    await expect(tensorflow().compile(broken, new Map())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^tensorflow: .*Softmax.*; take another engine$/),
    });
    await (await tensorflow().compile(graph, new Map())).dispose();
  });

  test('as built: quiet, and an executable left undisposed does not keep the process alive', () => {
    const program = `
      import { tensorflow } from '@residual/backend-node';
      import { trace } from '@residual/compile';
      import * as tf from '@tensorflow/tfjs-core';
      const graph = await trace((t) => ({ y: tf.relu(t.input('x', [2])) }));
      const executable = await tensorflow({ threads: 1 }).compile(graph, new Map());
      const { y } = await executable.run({ x: Float32Array.of(-1, 2) });
      if (y[0] !== 0 || y[1] !== 2) throw new Error('wrong');`;
    const options = { cwd: import.meta.dirname, encoding: 'utf8', timeout: 60_000 } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

function matrixProduct(size: number, rows: number = size): (t: Tracer) => Record<string, tf.Tensor> {
  return (t) => ({
    y: tf.matMul(t.input('x', [rows, size]) as tf.Tensor2D, t.parameter('w', [size, size]) as tf.Tensor2D),
  });
}

function weightsOf(size: number): Weights {
  return new Map([['w', { shape: [size, size], data: new Float32Array(size * size).fill(0.5) }]]);
}

/** Without instructions for it TensorFlow has few kernels in bfloat16. */
function hasBfloat16(): boolean {
  return process.platform === 'linux' && /avx512_bf16|amx_bf16/.test(readFileSync('/proc/cpuinfo', 'utf8'));
}
