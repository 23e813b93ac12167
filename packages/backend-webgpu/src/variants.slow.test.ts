import { expectClose, requirement, uniform } from '@residual/testing';
import { provideWebgpu, webgpuDrivers } from '@residual/testing/dawn';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { convolveOnHost } from './check/convolve-on-host.ts';
import { LoosePlan } from './plan/loose-plan.ts';
import { measureVariants, shapeKey } from './plan/measure-variants.ts';
import { type ConvolutionVariant, candidateVariants, dispatchConvolution } from './plan/variants.ts';
import type { DeviceInUse } from './runtime/device-source.ts';
import type { PipelineCache } from './runtime/pipeline-cache.ts';
import { PlanRunner } from './runtime/plan-runner.ts';
import { requestDevice } from './runtime/request-device.ts';
import { type Convolution, outPixels } from './shaders/convolution.ts';
import type { NumberType } from './shaders/shader.ts';

type Place = ReturnType<LoosePlan['scratch']>;

const plain: Convolution = {
  batch: 2,
  height: 7,
  width: 9,
  inVectors: 4,
  groups: 1,
  narrowChannels: 0,
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padBefore: [1, 1],
  outHeight: 7,
  outWidth: 9,
  outVectors: 20,
  residual: 'own buffer',
  activation: 'relu',
};

const shapes: Readonly<Record<string, Convolution>> = {
  '3×3, two images': plain,
  'without padding, residual in place': {
    ...plain,
    padBefore: [0, 0],
    outHeight: 5,
    outWidth: 7,
    residual: 'in place',
    activation: 'linear',
  },
  'strided, dilated': {
    ...plain,
    strides: [2, 1],
    dilations: [2, 1],
    outHeight: 3,
    outWidth: 9,
    residual: 'none',
    activation: 'relu6',
  },
  '1×1': { ...plain, kernel: [1, 1], padBefore: [0, 0], inVectors: 9, residual: 'none' },
  'one pixel': {
    ...plain,
    ...{ batch: 1, height: 1, width: 1, outHeight: 1, outWidth: 1, kernel: [1, 1], padBefore: [0, 0], inVectors: 40 },
    residual: 'none',
  },
};

describe.skipIf(!requirement('webgpu'))('every variant of a convolution', () => {
  let device: GPUDevice;
  const pipelines: PipelineCache = new Map();
  beforeAll(async () => {
    await provideWebgpu();
    device = await requestDevice();
  });
  afterAll(() => device?.destroy());

  test.each(Object.entries(shapes))('gives the same numbers: %s', async (_, convolution) => {
    const expected = reference(convolution);
    for (const type of ['f32', 'f16'] as const) {
      for (const variant of candidateVariants(convolution, device.features as ReadonlySet<string>, type)) {
        const { y } = await run({ device, pipelines }, variant, convolution, type);
        expectClose(y!, expected, type === 'f32' ? 3e-6 : 2e-3, `${variant}, ${type}`);
      }
    }
  });

  test('tiles, subgroups and Winograd are among the candidates where they are possible', () => {
    expect(
      candidateVariants(plain, new Set(['subgroups']), 'f32').filter((name) => !name.startsWith('direct')),
    ).toEqual(['tiled', 'subgroups', 'winograd 2', 'winograd 4']);
    expect(candidateVariants({ ...plain, groups: 4 }, new Set(), 'f32')).not.toContain('tiled');
    const isSplit = (name: string): boolean => name.startsWith('split');
    expect(candidateVariants({ ...plain, inVectors: 32 }, new Set(), 'f32').filter(isSplit)).toEqual([
      'split 4×1',
      'split 4×2',
      'split 2×1',
    ]);
  });

  test('the choice is measured once, and then remembered', async () => {
    const kept = new Map<string, string>();
    const memory = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, v: string) => void kept.set(key, v),
    };
    const measurement = { device, pipelines, memory, type: 'f32', budgetMs: 60_000 } as const;
    const chosen = await measureVariants([plain, plain], measurement);
    expect(candidateVariants(plain, new Set(['subgroups']), 'f32')).toContain(chosen.get(shapeKey(plain)));
    expect([...kept.values()]).toEqual([...chosen.values()]);
    for (const key of kept.keys()) kept.set(key, 'tiled');
    expect((await measureVariants([plain], measurement)).get(shapeKey(plain))).toBe('tiled');
    const isRight = (variant: string): boolean => variant !== 'winograd 2';
    await measureVariants([plain], { ...measurement, isRight });
    expect(kept.size, 'of other candidates it is measured again').toBe(2);
  });
});

const deep: Readonly<Record<string, Convolution>> = {
  // Shares of five vectors, of which the last has one.
  '3×3': { ...plain, batch: 1, inVectors: 36, outVectors: 24, residual: 'in place' },
  'in two groups': { ...plain, kernel: [1, 1], padBefore: [0, 0], inVectors: 32, groups: 2 },
};

describe.each(webgpuDrivers)('sums of many channels on $driver', ({ driver, needs }) => {
  test.skipIf(!requirement(needs)).each(Object.entries(deep))(
    'are the same bit for bit by every dispatch that adds whole numbers, split among threads or not: %s',
    async (_, convolution) => {
      await provideWebgpu(driver);
      const device = await requestDevice();
      const inUse = { device, pipelines: new Map() };
      const candidates = candidateVariants(convolution, device.features as ReadonlySet<string>, 'f32');
      const shared = candidates.filter((name) => /^(split|tiled|subgroups)/.test(name));
      expect(shared).toEqual(expect.arrayContaining(['split 4×2', 'split 2×1']));
      const { y } = await run(inUse, 'direct 4×2', convolution, 'f32', whole);
      for (const variant of shared)
        expect((await run(inUse, variant, convolution, 'f32', whole))['y'], variant).toEqual(y);
      device.destroy();
    },
  );
});

async function run(
  { device, pipelines }: DeviceInUse,
  variant: ConvolutionVariant,
  convolution: Convolution,
  type: NumberType,
  numbers = signed,
): Promise<Record<string, Float32Array>> {
  const { batch, height, width, inVectors, groups, outVectors, residual } = convolution;
  const inPitch = inVectors * groups * 4;
  const loose = new LoosePlan(type);
  const [inCount, outCount] = [batch * height * width * inPitch, outPixels(convolution) * outVectors * 4];
  // As in a plan's first and last step: what comes from the host and goes to it is float32.
  const [x, y, own] = [inCount, outCount, outCount].map((count) => loose.scratch(count, 'f32')) as [
    Place,
    Place,
    Place,
  ];
  const pack = () => filterOf(convolution, numbers);
  const placed = { label: variant, convolution, x, y, ...(residual === 'own buffer' && { residual: own }), pack };
  dispatchConvolution(loose, variant, placed);
  const tensor = (name: string, { slot }: Place, count: number, pitch: number) => ({
    name,
    buffer: slot,
    pitch,
    shape: [count / pitch, pitch],
  });
  const { plan, pack: packBlock } = loose.finish(
    [tensor('x', x, inCount, inPitch), tensor('added', residual === 'in place' ? y : own, outCount, outVectors * 4)],
    [tensor('y', y, outCount, outVectors * 4)],
  );
  const runner = await PlanRunner.create(device, plan, packBlock, { pipelines });
  try {
    return await runner.run({ x: numbers('x', inCount), added: numbers('added', outCount) });
  } finally {
    runner.destroy();
  }
}

function signed(name: string, count: number): Float32Array {
  return Float32Array.from(uniform(name, count), (u) => 2 * u - 1);
}

/** So small that their products add up to the same in any order. */
function whole(name: string, count: number): Float32Array {
  return Float32Array.from(uniform(name, count), (u) => Math.floor(9 * u) - 4);
}

function filterOf({ kernel, inVectors, outVectors }: Convolution, numbers = signed): Float32Array {
  return numbers('filter', (kernel[0] * kernel[1] * inVectors * 4 + 1) * outVectors * 4);
}

function reference(convolution: Convolution): Float32Array {
  const { batch, height, width, inVectors, outVectors, residual } = convolution;
  const x = signed('x', batch * height * width * inVectors * 4);
  const added = residual === 'none' ? undefined : signed('added', outPixels(convolution) * outVectors * 4);
  return convolveOnHost(convolution, x, filterOf(convolution), added);
}
