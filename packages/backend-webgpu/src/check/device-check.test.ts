import { compileFor, type Engine, EngineError, type Executable, type Graph, trace } from '@residual/compile';
import { requirement } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { VariantMemory } from '../plan/measure-variants.ts';
import { requestDevice } from '../runtime/request-device.ts';
import { webgpu } from '../webgpu-engine.ts';
import { DeviceTrust } from './device-trust.ts';

const MAP_READ = 1;
const weights = new Map([['w', { shape: [1, 1, 4, 4], data: new Float32Array(16).fill(0.5) }]]);
const served = {} as Executable;
const next: Engine = { name: 'next', isAvailable: async () => ({ available: true }), compile: async () => served };
const input = { x: new Float32Array(16).fill(1) };

/** Changes what a run, counted from 0, reads back. */
type Lie = (numbers: Float32Array, run: number) => void;

const lies: Readonly<Record<string, { lie: Lie; reason: RegExp }>> = {
  'zeros alone': {
    lie: (numbers) => void numbers.fill(0),
    reason: /layer 'stem, direct 1×1' 1\.0 of its largest number off in run 1/,
  },
  'one wrong number': {
    lie: (numbers) => {
      numbers[numbers.length - 5]! += 1;
    },
    reason: /layer 'dense, direct 4×1' .* off in run 1/,
  },
  'not a number': { lie: (numbers) => void numbers.fill(Number.NaN, 0, 1), reason: /layer 'stem, direct 1×1' NaN/ },
  'the first run’s numbers again': { lie: stale(), reason: /layer 'stem, direct 1×1' .* off in run 2/ },
  'right numbers in the first run alone': {
    lie: (numbers, run) => void (run > 0 && numbers.fill(0, 100)),
    reason: /layer 'stem, direct 1×1' .* off in run 2/,
  },
};

describe.skipIf(!requirement('webgpu'))('a device that computes wrongly', () => {
  let graph: Graph;
  const devices: GPUDevice[] = [];
  beforeAll(async () => {
    await provideWebgpu();
    graph = await trace((t) => ({
      y: tf.conv2d(
        t.input('x', [1, 2, 2, 4]) as tf.Tensor4D,
        t.parameter('w', [1, 1, 4, 4]) as tf.Tensor4D,
        1,
        'valid',
      ),
    }));
  });
  afterEach(() => {
    for (const device of devices.splice(0)) device.destroy();
  });

  async function lying(lie: Lie): Promise<GPUDevice & { runs: number }> {
    const device = await requestDevice();
    devices.push(device);
    const create = device.createBuffer.bind(device);
    const wrapper = Object.assign(device, { runs: 0 });
    device.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      if ((descriptor.usage & MAP_READ) !== 0) {
        const read = buffer.getMappedRange.bind(buffer);
        buffer.getMappedRange = (...range) => {
          const memory = read(...range);
          lie(new Float32Array(memory), wrapper.runs++);
          return memory;
        };
      }
      return buffer;
    };
    return wrapper;
  }

  test.each(Object.entries(lies))(
    'by %s is passed over with the reason, and the next engine serves',
    async (_, one) => {
      const device = await lying(one.lie);
      const { engine, passedOver, executable } = await compileFor(
        [webgpu({ device, memory: mapMemory() }), next],
        graph,
        weights,
      );
      expect(engine.name).toBe('next');
      expect(passedOver).toEqual([{ name: 'webgpu', reason: expect.stringMatching(one.reason) }]);
      expect(executable).toBe(served);
    },
  );

  test('one that computes rightly is run twice, and then never again', async () => {
    const kept = new Map<string, string>();
    const memory = mapMemory(kept);
    const device = await lying(() => undefined);
    const engine = webgpu({ device, memory });
    const first = await engine.compile(graph, weights);
    expect(device.runs).toBe(2);
    const again = await engine.compile(graph, weights);
    const another = await webgpu({ device, memory }).compile(graph, weights);
    expect(device.runs).toBe(2);
    expect([...kept.values()]).toEqual(['{}']);
    for (const executable of [first, again, another]) await executable.dispose();
  });

  test.each(['', '{"stem', 'null'])('what was kept as %o is found out again', async (torn) => {
    const kept = new Map<string, string>();
    const memory = { get: async () => torn, set: async (key: string, value: string) => void kept.set(key, value) };
    const device = await lying(() => undefined);
    const executable = await webgpu({ device, memory }).compile(graph, weights);
    expect(device.runs).toBe(2);
    expect([...kept.values()]).toEqual(['{}']);
    await executable.dispose();
  });

  test('what was found is kept: a device that failed is refused without a run', async () => {
    const memory = mapMemory();
    const device = await lying((numbers) => void numbers.fill(0));
    const failure = await webgpu({ device, memory })
      .compile(graph, weights)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EngineError);
    expect(device.runs).toBe(2);
    await expect(webgpu({ device, memory }).compile(graph, weights)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: (failure as EngineError).message,
    });
    expect(device.runs).toBe(2);
  });

  /** A GPU that a small layer leaves idle, whose compiler gets split kernels with some words in them wrong. */
  async function splittingWrongly(words = 'partial'): Promise<GPUDevice> {
    const device = await requestDevice();
    devices.push(device);
    const adapterInfo = { vendor: 'img-tec', architecture: '', device: '', description: '' };
    Object.defineProperty(device, 'adapterInfo', { value: adapterInfo });
    const create = device.createShaderModule.bind(device);
    device.createShaderModule = (descriptor) => {
      const { code } = descriptor;
      const wrong = code.includes(words) ? code.replace('total += partial', 'total -= partial') : code;
      return create({ ...descriptor, code: wrong });
    };
    return device;
  }

  describe('by split kernels alone', () => {
    const [x, w] = [new Float32Array(512).fill(1), new Float32Array(512).fill(0.5)];
    const deepWeights = new Map([['w', { shape: [1, 1, 128, 4], data: w }]]);
    const tracedDeep = (isGiven: boolean): Promise<Graph> =>
      trace((t) => {
        const filter = isGiven ? t.input('w', [1, 1, 128, 4]) : t.parameter('w', [1, 1, 128, 4]);
        return { y: tf.conv2d(t.input('x', [1, 2, 2, 128]) as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid') };
      });

    test.each([
      { variants: 'fixed', isGiven: false },
      { variants: 'measured', isGiven: false },
      { variants: 'measured', isGiven: true },
    ] as const)('serves without them: $variants, a filter that each run gives: $isGiven', async (how) => {
      const { variants, isGiven } = how;
      const graph = await tracedDeep(isGiven);
      const device = await splittingWrongly();
      const run = async (engine: Engine) => {
        const executable = await engine.compile(graph, isGiven ? new Map() : deepWeights);
        const { y } = await executable.run(isGiven ? { x, w } : { x });
        await executable.dispose();
        return y;
      };
      expect(await run(webgpu({ device, check: false }))).toEqual(new Float32Array(16).fill(-64));
      expect(await run(webgpu({ device, variants, memory: mapMemory() }))).toEqual(new Float32Array(16).fill(64));
    });

    test('trusts none of them where one is wrong, and all else', async () => {
      // With two columns a thread.
      const device = await splittingWrongly('partial: array<vec4f, 128>');
      const inUse = { device, pipelines: new Map() };
      const isRight = await new DeviceTrust(mapMemory()).rightVariants(inUse, 'f32');
      for (const variant of ['split 4×2', 'split 2×1', 'split 4×1'] as const) expect(isRight(variant)).toBe(false);
      for (const variant of ['direct 1×1', 'direct 4×2', 'tiled', 'winograd 2'] as const)
        expect(isRight(variant)).toBe(true);
    });
  });

  test('to check it in float32, nothing is compiled but what a network of all kinds of layers needs anyway', async () => {
    const shapes = { stem: [3, 3, 3, 16], middle: [3, 3, 16, 16], dense: [16, 8] };
    const network = await trace((t) => {
      const filter = (name: keyof typeof shapes) => t.parameter(name, shapes[name]) as tf.Tensor4D;
      const stem = tf.conv2d(t.input('x', [1, 16, 16, 3]) as tf.Tensor4D, filter('stem'), 1, 'same');
      const middle = tf.conv2d(tf.maxPool(tf.relu(stem) as tf.Tensor4D, 3, 2, 'same'), filter('middle'), 1, 'same');
      const pooled = tf.mean(tf.relu(middle), [1, 2]) as tf.Tensor2D;
      return { y: tf.matMul(pooled, t.parameter('dense', shapes.dense) as tf.Tensor2D) };
    });
    const given = new Map(
      Object.entries(shapes).map(([name, shape]) => {
        return [name, { shape, data: new Float32Array(shape.reduce((product, size) => product * size)) }];
      }),
    );
    const compiled = async (check: boolean): Promise<string[]> => {
      const device = await requestDevice();
      devices.push(device);
      const codes = new Set<string>();
      const create = device.createShaderModule.bind(device);
      device.createShaderModule = (descriptor) => {
        codes.add(descriptor.code);
        return create(descriptor);
      };
      const executable = await webgpu({ device, check, memory: mapMemory() }).compile(network, given);
      await executable.dispose();
      return [...codes].sort();
    };
    expect(await compiled(true)).toEqual(await compiled(false));
  });

  test('`check: false` believes it', async () => {
    const device = await lying((numbers) => void numbers.fill(7));
    const executable = await webgpu({ device, check: false }).compile(graph, weights);
    expect(device.runs).toBe(0);
    expect((await executable.run(input))['y']).toEqual(new Float32Array(16).fill(7));
    await executable.dispose();
  });
});

/** Keeps what the first run read, and reads it again. */
function stale(): Lie {
  let first: Float32Array | undefined;
  return (numbers) => {
    first ??= numbers.slice();
    numbers.set(first);
  };
}

function mapMemory(kept: Map<string, string> = new Map()): VariantMemory {
  return { get: async (key) => kept.get(key), set: async (key, value) => void kept.set(key, value) };
}
