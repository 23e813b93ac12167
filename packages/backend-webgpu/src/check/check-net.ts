import { LoosePlan } from '../plan/loose-plan.ts';
import type { PackWeights, Plan, PlanTensor } from '../plan/plan.ts';
import type { Slot } from '../plan/plan-builder.ts';
import { type ConvolutionVariant, dispatchConvolution, type VariantsInUse } from '../plan/variants.ts';
import { type Convolution, depth, kindOf, outPixels } from '../shaders/convolution.ts';
import { elementwise } from '../shaders/elementwise.ts';
import { type Pooling, pooling, spatialPooling } from '../shaders/pooling.ts';
import type { NumberType } from '../shaders/shader.ts';
import { convolveOnHost } from './convolve-on-host.ts';

/** A small net of every kind of layer, whose values the host knows too. */
export interface CheckNet {
  readonly plan: Plan;
  readonly pack: PackWeights;
  /** The numbers of a run's input, another picture for each run. */
  input(run: number): Float32Array;
  /** What each output must be, by name. */
  expected(input: Float32Array): Readonly<Record<string, Float32Array>>;
}

/** For a kind of layer that the network has none of: it compiles in no time. */
export const NARROWEST: ConvolutionVariant = 'direct 1×1';

const PLAIN = {
  batch: 1,
  groups: 1,
  narrowChannels: 0,
  kernel: [3, 3],
  strides: [1, 1],
  dilations: [1, 1],
  padBefore: [1, 1],
  residual: 'none',
  activation: 'relu',
} as const;

const STEM: Convolution = {
  ...PLAIN,
  ...{ height: 10, width: 12, inVectors: 1, narrowChannels: 3, outHeight: 10, outWidth: 12, outVectors: 4 },
};
const POOL: Pooling = {
  ...{ kind: 'max', batch: 1, height: 10, width: 12, vectors: 4, window: [3, 3], strides: [2, 2], padBefore: [1, 1] },
  ...{ outHeight: 5, outWidth: 6 },
};
export const MIDDLE: Convolution = {
  ...PLAIN,
  ...{ height: 5, width: 6, inVectors: 4, outHeight: 5, outWidth: 6, outVectors: 16 },
};
const DENSE: Convolution = {
  ...PLAIN,
  ...{ height: 1, width: 1, inVectors: 16, outHeight: 1, outWidth: 1, outVectors: 4 },
  ...{ kernel: [1, 1], padBefore: [0, 0], activation: 'linear' },
};

/** Numbers of the largest layer. */
const MOST = Math.max(...[STEM, MIDDLE].map((layer) => outPixels(layer) * layer.outVectors * 4));

/**
 * @param variants Of layers of each kind: each computes its layer, and the first one's values go on. Where they are a
 * network's own, their pipelines are there already, or soon will be.
 */
export function checkNet(variants: VariantsInUse, type: NumberType): CheckNet {
  const loose = new LoosePlan(type);
  const outputs: PlanTensor[] = [];
  /** Computes a value, of which the host gets float32, and says where it lies. */
  const compute = (name: string, pixels: number, vectors: number, into: (y: Slot) => void): Slot => {
    const y = loose.scratch(type === 'f32' ? pixels * vectors * 4 : MOST);
    into(y);
    const read = type === 'f32' ? y : loose.scratch(MOST, 'f32');
    // Of one length, and so one pipeline.
    if (read !== y) loose.dispatch(name, elementwise({ rows: 1, channels: MOST, expression: 'a' }), [y, read]);
    outputs.push({ name, shape: [pixels, vectors * 4], buffer: read.slot, pitch: vectors * 4 });
    return y;
  };
  const named: Record<string, string[]> = { stem: [], middle: [], dense: [] };
  /** By every variant of its kind; what the first one computes. */
  const convolve = (layer: string, convolution: Convolution, x: Slot): Slot => {
    const ways = [...variants[kindOf(convolution)]];
    const [first] = (ways.length > 0 ? ways : [NARROWEST]).map((variant) => {
      const label = `${layer}, ${variant}`;
      named[layer]!.push(label);
      return compute(label, outPixels(convolution), convolution.outVectors, (y) => {
        dispatchConvolution(loose, variant, { label, convolution, x, y, pack: () => filterOf(convolution) });
      });
    });
    return first!;
  };

  const image = loose.scratch(STEM.height * STEM.width * 3, 'f32');
  const stem = convolve('stem', STEM, image);
  const pooled = compute('pool', POOL.outHeight * POOL.outWidth, POOL.vectors, (y) => {
    loose.dispatch('pool', pooling(POOL), [stem, y]);
  });
  const middle = convolve('middle', MIDDLE, pooled);
  const { outVectors: vectors } = MIDDLE;
  const mean = compute('mean', 1, vectors, (y) => {
    const pixels = outPixels(MIDDLE);
    loose.dispatch('mean', spatialPooling({ kind: 'average', batch: 1, pixels, vectors }), [middle, y]);
  });
  convolve('dense', DENSE, mean);

  const shape = [1, STEM.height, STEM.width, 3];
  return {
    ...loose.finish([{ name: 'image', shape, buffer: image.slot, pitch: 3 }], outputs),
    input: (run) => numbers(STEM.height * STEM.width * 3, run + 1),
    expected(input) {
      const stem = convolveOnHost(STEM, input, filterOf(STEM));
      const pool = poolOnHost(stem);
      const middle = convolveOnHost(MIDDLE, pool, filterOf(MIDDLE));
      const mean = meanOnHost(middle, MIDDLE.outVectors * 4);
      const dense = convolveOnHost(DENSE, mean, filterOf(DENSE));
      const layers = Object.entries({ stem, middle, dense });
      const byVariant = layers.flatMap(([layer, values]) => named[layer]!.map((label) => [label, values] as const));
      return { ...Object.fromEntries(byVariant), pool, mean };
    },
  };
}

function filterOf(convolution: Convolution): Float32Array {
  const deep = depth(convolution);
  const scale = 1 / Math.sqrt(deep);
  return numbers((deep + 1) * convolution.outVectors * 4, deep).map((value) => value * scale);
}

/** From −1 to 1, the same everywhere, by Knuth's linear congruential generator. */
function numbers(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function poolOnHost(x: Float32Array): Float32Array {
  const { height, width, outHeight, outWidth, vectors } = POOL;
  const channels = vectors * 4;
  const y = new Float32Array(outHeight * outWidth * channels).fill(Number.NEGATIVE_INFINITY);
  for (const [at] of y.entries()) {
    const pixel = Math.floor(at / channels);
    const top = Math.floor(pixel / outWidth) * 2 - 1;
    const left = (pixel % outWidth) * 2 - 1;
    for (let tap = 0; tap < 9; tap++) {
      const [py, px] = [top + Math.floor(tap / 3), left + (tap % 3)];
      if (py < 0 || py >= height || px < 0 || px >= width) continue;
      y[at] = Math.max(y[at]!, x[(py * width + px) * channels + (at % channels)]!);
    }
  }
  return y;
}

function meanOnHost(x: Float32Array, channels: number): Float32Array {
  const sums = new Float64Array(channels);
  for (const [at, value] of x.entries()) sums[at % channels]! += value;
  return Float32Array.from(sums, (sum) => (sum * channels) / x.length);
}
