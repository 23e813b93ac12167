import { expectClose, requirement, uniform } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import { narrowToHalf } from '@residual/weights/half';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measureVariants, shapeKey } from './plan/measure-variants.ts';
import type { Plan } from './plan/plan.ts';
import { type ConvolutionVariant, candidateVariants, dispatchConvolution } from './plan/variants.ts';
import { PlanRunner } from './runtime/plan-runner.ts';
import { requestDevice } from './runtime/request-device.ts';
import type { Convolution } from './shaders/convolution.ts';
import { BYTES, type NumberType, wgsl } from './shaders/shader.ts';

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
};

describe.skipIf(!requirement('webgpu'))('every variant of a convolution gives the same numbers', () => {
  let device: GPUDevice;
  beforeAll(async () => {
    await provideWebgpu();
    device = await requestDevice();
  });
  afterAll(() => device?.destroy());

  test.each(Object.entries(shapes))('%s', async (_, convolution) => {
    const expected = reference(convolution);
    for (const type of ['f32', 'f16'] as const) {
      for (const variant of candidateVariants(convolution, device.features as ReadonlySet<string>, type)) {
        const { y } = await run(variant, convolution, type);
        expectClose(y!, expected, type === 'f32' ? 3e-6 : 2e-3, `${variant}, ${type}`);
      }
    }
  });

  test('tiles, subgroups and Winograd are among the candidates where they are possible', () => {
    expect(candidateVariants(plain, new Set(['subgroups']), 'f32').slice(2)).toEqual([
      'tiled',
      'subgroups',
      'winograd 2',
      'winograd 4',
    ]);
    expect(candidateVariants({ ...plain, groups: 4 }, new Set(), 'f32')).not.toContain('tiled');
  });

  test('the choice is measured once, and then remembered', async () => {
    const kept = new Map<string, string>();
    const memory = {
      get: async (key: string) => kept.get(key),
      set: async (key: string, v: string) => void kept.set(key, v),
    };
    const measurement = { device, pipelines: new Map(), memory, type: 'f32' } as const;
    const chosen = await measureVariants([plain, plain], measurement);
    expect(candidateVariants(plain, new Set(['subgroups']), 'f32')).toContain(chosen.get(shapeKey(plain)));
    expect([...kept.values()]).toEqual([...chosen.values()]);
    for (const key of kept.keys()) kept.set(key, 'tiled');
    expect((await measureVariants([plain], measurement)).get(shapeKey(plain))).toBe('tiled');
  });

  async function run(
    variant: ConvolutionVariant,
    convolution: Convolution,
    type: NumberType,
  ): Promise<Record<string, Float32Array>> {
    const { batch, height, width, inVectors, outVectors, outHeight, outWidth, residual } = convolution;
    const outCount = batch * outHeight * outWidth * outVectors * 4;
    const buffers = [batch * height * width * inVectors * 16, outCount * 4, outCount * 4];
    const blocks: (() => ArrayBufferView)[] = [];
    const weights: number[] = [];
    const shaders: string[] = [];
    const steps: Plan['steps'][number][] = [];
    const target: Parameters<typeof dispatchConvolution>[0] = {
      weights(count, packed) {
        weights.push(count * BYTES[type]);
        return {
          weights:
            blocks.push(type === 'f16' ? () => narrowToHalf(packed(), (value) => new RangeError(`${value}`)) : packed) -
            1,
        };
      },
      scratch: (count) => ({ slot: buffers.push(count * BYTES[type]) - 1 }),
      dispatch(label, shader, slots) {
        const bindings = slots.map((slot) => ('slot' in slot ? { buffer: slot.slot } : slot));
        // As in a plan's first and last step: what comes from the host and goes to it is float32.
        const types = slots.map((slot) => ('slot' in slot && slot.slot < 3 ? 'f32' : type));
        const code = wgsl(shader, types);
        steps.push({ label, shader: shaders.push(code) - 1, workgroups: shader.workgroups, bindings });
      },
    };
    const own = residual === 'own buffer' ? { residual: { slot: 2 } } : {};
    const pack = () => filterOf(convolution);
    dispatchConvolution(target, variant, { label: variant, convolution, x: { slot: 0 }, y: { slot: 1 }, ...own, pack });
    const tensor = (name: string, buffer: number, pitch: number) => ({
      name,
      buffer,
      pitch,
      shape: [buffers[buffer]! / 4 / pitch, pitch],
    });
    const added = tensor('added', residual === 'in place' ? 1 : 2, outVectors * 4);
    const plan = {
      inputs: [tensor('x', 0, inVectors * 4), added],
      outputs: [tensor('y', 1, outVectors * 4)],
      buffers,
      weights,
      shaders,
      steps,
    };
    const runner = await PlanRunner.create(device, plan, (block) => blocks[block]!());
    try {
      return await runner.run({ x: signed('x', buffers[0]! / 4), added: signed('added', outCount) });
    } finally {
      runner.destroy();
    }
  }
});

function signed(name: string, count: number): Float32Array {
  return Float32Array.from(uniform(name, count), (u) => 2 * u - 1);
}

function filterOf({ kernel, inVectors, outVectors }: Convolution): Float32Array {
  return signed('filter', (kernel[0] * kernel[1] * inVectors * 4 + 1) * outVectors * 4);
}

/** The definition, in float64. */
function reference(convolution: Convolution): Float64Array {
  const { batch, height, width, kernel, strides, dilations, padBefore, outHeight, outWidth } = convolution;
  const [inChannels, outChannels] = [convolution.inVectors * 4, convolution.outVectors * 4];
  const x = signed('x', batch * height * width * inChannels);
  const filter = filterOf(convolution);
  const y = new Float64Array(batch * outHeight * outWidth * outChannels);
  const added = signed('added', y.length);
  for (let at = 0; at < y.length; at++) {
    const out = at % outChannels;
    const pixel = Math.floor(at / outChannels);
    const [image, oy, ox] = [
      Math.floor(pixel / outWidth / outHeight),
      Math.floor(pixel / outWidth) % outHeight,
      pixel % outWidth,
    ];
    let sum = filter[kernel[0] * kernel[1] * inChannels * outChannels + out]!;
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      const py = oy * strides[0] - padBefore[0] + Math.floor(tap / kernel[1]) * dilations[0];
      const px = ox * strides[1] - padBefore[1] + (tap % kernel[1]) * dilations[1];
      if (py < 0 || py >= height || px < 0 || px >= width) continue;
      for (let c = 0; c < inChannels; c++) {
        const from = x[((image * height + py) * width + px) * inChannels + c]!;
        sum += from * filter[(tap * inChannels + c) * outChannels + out]!;
      }
    }
    if (convolution.residual !== 'none') sum += added[at]!;
    if (convolution.activation !== 'linear') sum = Math.max(0, sum);
    y[at] = convolution.activation === 'relu6' ? Math.min(6, sum) : sum;
  }
  return y;
}
