import { bind, type Graph, optimize, tfjs, trace } from '@residual/compile';
import { expectClose, requirement, type TracerLike, uniform } from '@residual/testing';
import { provideWebgpu, webgpuDrivers } from '@residual/testing/dawn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { planBytes } from '../../test/plan-bytes.ts';
import { tfjsWebgpu } from '../tfjs-webgpu.ts';
import { webgpu } from '../webgpu-engine.ts';
import { loadPlan } from './load-plan.ts';
import { requestDevice } from './request-device.ts';

const weights = new Map([
  ['w', { shape: [3, 3, 3, 10], data: signed('w', 270) }],
  ['v', { shape: [10, 5], data: signed('v', 50) }],
]);
const image = signed('image', 8 * 8 * 3);

function net(t: TracerLike): Record<string, tf.Tensor> {
  const x = tf.conv2d(
    t.input('image', [1, 8, 8, 3]) as tf.Tensor4D,
    t.parameter('w', [3, 3, 3, 10]) as tf.Tensor4D,
    1,
    1,
  );
  const pooled = tf.mean(tf.relu(x), [1, 2]) as tf.Tensor2D;
  return { logits: tf.matMul(pooled, t.parameter('v', [10, 5]) as tf.Tensor2D) };
}

function signed(name: string, count: number): Float32Array {
  return Float32Array.from(uniform(name, count), (u) => 2 * u - 1);
}

describe.each(webgpuDrivers)('a plan file on $driver', ({ driver, needs }) => {
  describe.skipIf(!requirement(needs))('', () => {
    let graph: Graph;
    let file: ArrayBuffer;
    beforeAll(async () => {
      await provideWebgpu(driver);
      graph = await trace(net);
      file = planBytes(bind(optimize(graph), weights));
    });

    test("gives the engine's numbers, says how far it is, and leaves the device as it was", async () => {
      const device = await requestDevice();
      const living = countBuffers(device);
      const executable = await webgpu({ device }).compile(graph, weights);
      const progress: number[] = [];
      const plan = await loadPlan(file, { device, onProgress: ({ done, total }) => progress.push(done / total) });
      expect(plan.inputs).toEqual([{ name: 'image', shape: [1, 8, 8, 3] }]);
      expect(plan.outputs).toEqual([{ name: 'logits', shape: [1, 5] }]);
      expect(progress.at(-1)).toBe(1);
      const { logits: expected } = await executable.run({ image });
      const before = living.made;
      const [first, second] = await Promise.all([plan.run({ image }), plan.run({ image: new Float32Array(192) })]);
      expect(living.made).toBe(before);
      expectClose(first['logits']!, expected!, 0);
      expect(second['logits']).toEqual(new Float32Array(5));
      await expect(plan.run({ image }, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
      await expect(plan.run({})).rejects.toMatchObject({ code: 'BAD_INPUT', message: /image: .*got none/ });
      await Promise.all([plan.dispose(), executable.dispose()]);
      await expect(plan.run({ image })).rejects.toMatchObject({ code: 'DISPOSED' });
      expect(living.count).toBe(0);
      // The device goes on: nobody but its owner ends it.
      device.createBuffer({ size: 4, usage: 8 }).destroy();
      device.destroy();
    });

    test.each([
      ['an empty file', () => new ArrayBuffer(0)],
      ['a header cut short', () => file.slice(0, 100)],
      ['weights cut short', () => file.slice(0, file.byteLength - 4)],
      ['noise', () => new Uint32Array(64).fill(0x12345678).buffer],
      ['other JSON', () => new Uint8Array([4, 0, 0, 0, ...new TextEncoder().encode('[1] ')]).buffer],
    ])('%s is refused', async (_, broken) => {
      await expect(loadPlan(broken())).rejects.toMatchObject({ code: 'BAD_FILE', message: /^plan: expected / });
    });

    test('a lost device is an error that says so, and the next run has another', async () => {
      const devices: GPUDevice[] = [];
      const { gpu } = navigator;
      const requestAdapter = async () => {
        const adapter = (await gpu.requestAdapter())!;
        return new Proxy(adapter, {
          get(target, key) {
            if (key !== 'requestDevice') return Reflect.get(target, key, target);
            return async (descriptor: GPUDeviceDescriptor) => {
              devices.push(await target.requestDevice(descriptor));
              return devices.at(-1);
            };
          },
        });
      };
      Object.defineProperty(navigator, 'gpu', { value: { requestAdapter }, configurable: true });
      try {
        const executable = await webgpu().compile(graph, weights);
        const { logits } = await executable.run({ image });
        const running = executable.run({ image });
        devices[0]!.destroy();
        const end = await running.then(
          () => undefined,
          (error: unknown) => error,
        );
        if (end) expect(end).toMatchObject({ code: 'UNAVAILABLE', message: /lost/, cause: { code: 'DEVICE_LOST' } });
        await devices[0]!.lost;
        expect((await executable.run({ image }))['logits']).toEqual(logits);
        expect(devices).toHaveLength(2);
        await executable.dispose();
      } finally {
        Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
        devices.at(-1)?.destroy();
      }
    });

    test('500 runs, 50 plans built and disposed, and 20 changes of engine leave nothing behind', async () => {
      const device = await requestDevice();
      const living = countBuffers(device);
      const engine = webgpu({ device });
      const executable = await engine.compile(graph, weights);
      const { logits } = await executable.run({ image });
      const [made, count] = [living.made, living.count];
      for (let run = 0; run < 500; run++) await executable.run({ image });
      expect(living.made).toBe(made);
      for (let cycle = 0; cycle < 50; cycle++) {
        const fleeting = await engine.compile(graph, weights);
        await fleeting.run({ image });
        await fleeting.dispose();
      }
      expect(living.count).toBe(count);
      await tfjsWebgpu().use();
      let tensors: number | undefined;
      for (let change = 0; change < 20; change++) {
        const next = await (change % 2 === 0 ? tfjs() : engine).compile(graph, weights);
        expectClose((await next.run({ image }))['logits']!, logits!, 1e-5);
        await next.dispose();
        tensors ??= tf.memory().numTensors;
      }
      expect(tf.memory().numTensors).toBe(tensors);
      expect(living.count).toBe(count);
      await executable.dispose();
      expect(living.count).toBe(0);
      device.destroy();
    });

    test("a device of the caller's that is lost is not replaced, but said to be", async () => {
      const device = await requestDevice();
      const plan = await loadPlan(file, { device });
      device.destroy();
      await device.lost;
      await expect(plan.run({ image })).rejects.toMatchObject({ code: 'DEVICE_LOST', message: /give another/ });
    });

    test('a buffer that the device does not allow is an error before anything is made', async () => {
      const device = await requestDevice();
      const living = countBuffers(device);
      const huge = await trace((t) => ({ y: tf.relu(t.input('x', [1, 20000, 20000, 4])) }));
      await expect(webgpu({ device, check: false }).compile(huge, new Map())).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: /expected a device for buffers of 12800 MB, the largest of 6400 MB, got at most \d+ MB in one; choose/,
      });
      expect(living.made).toBe(0);
      device.destroy();
    });
  });
});

function countBuffers(device: GPUDevice): { made: number; count: number } {
  const tally = { made: 0, count: 0 };
  const { createBuffer } = device;
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(device, descriptor);
    const { destroy } = buffer;
    tally.made += 1;
    tally.count += 1;
    buffer.destroy = () => {
      tally.count -= 1;
      destroy.call(buffer);
    };
    return buffer;
  };
  return tally;
}
