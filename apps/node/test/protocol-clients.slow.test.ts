import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { protocolClientsPath, requirement } from '@residual/testing';
import { expect, test } from 'vitest';
import { serve } from './serve-process.ts';

const cifar = resolve(import.meta.dirname, '../../../packages/weights-cifar10');

interface Answers {
  readonly logits: readonly number[][];
  readonly typed: readonly number[][];
  readonly [name: string]: unknown;
}

// triton_client.py and kserve_client.py have the calls; both bring the protocol's messages, so each has a process of its own.
test.skipIf(!requirement('protocol-clients'))(
  "tritonclient over HTTP and gRPC, and kserve's client, are answered as they expect",
  async () => {
    const weights = resolve(cifar, 'model.safetensors');
    const { address, grpc = '' } = await serve(['--weights', weights, '--name', 'net', '--grpc-port', '0']);
    const answersOf = (script: string, ...args: string[]): unknown =>
      JSON.parse(
        execFileSync(protocolClientsPath('bin/python'), [resolve(import.meta.dirname, script), ...args], {
          encoding: 'utf8',
        }),
      );
    const triton = answersOf('triton_client.py', address, grpc, resolve(cifar, 'samples/horse.jpg')) as {
      http: Answers;
      grpc: Answers;
    };
    const kserve = answersOf('kserve_client.py', address) as Pick<Answers, 'live' | 'ready'> & {
      readonly logits: readonly number[][][];
    };

    const data = Array.from({ length: 32 * 32 * 3 }, (_, index) => Math.fround(Math.sin(index * 0.37)));
    const body = JSON.stringify({ inputs: [{ name: 'input', shape: [1, 32, 32, 3], datatype: 'FP32', data }] });
    const { outputs } = await (await fetch(`${address}/v2/models/net/infer`, { method: 'POST', body })).json();
    const { data: logits } = outputs.find(({ name }: { name: string }) => name === 'logits');
    for (const answered of [
      triton.http.logits,
      triton.http.typed,
      triton.grpc.logits,
      triton.grpc.typed,
      ...kserve.logits,
    ])
      expect(Float32Array.from(answered[0]!)).toEqual(Float32Array.from(logits as number[]));

    for (const { live, ready, embeddings, classes, model, server, unknown, wrong, index } of [
      triton.http,
      triton.grpc,
    ]) {
      expect([live, ready, embeddings]).toEqual([true, [true, true, true], [1, 128]]);
      expect((classes as string[]).map((text) => text.split(':').slice(1))).toEqual([
        ['7', 'horse'],
        [expect.any(String), expect.any(String)],
        [expect.any(String), expect.any(String)],
      ]);
      expect(server).toMatchObject({ name: 'residual', extensions: expect.arrayContaining(['binary_tensor_data']) });
      expect((model as { inputs: { name: string }[] }).inputs.map(({ name }) => name)).toEqual([
        'input',
        'pixels',
        'image',
      ]);
      expect(unknown).toEqual([
        expect.stringMatching(/404|NOT_FOUND/),
        expect.stringContaining('"none" is not served'),
      ]);
      expect(wrong).toEqual([
        expect.stringMatching(/400|INVALID_ARGUMENT/),
        expect.stringContaining('expected shape [n, 32, 32, 3]'),
      ]);
      expect(JSON.stringify(index)).toContain('READY');
    }
    expect([kserve.live, kserve.ready]).toEqual([true, [true, true]]);
  },
);
