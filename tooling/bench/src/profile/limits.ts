import { type Engine, type Profile, trace, type Weights } from '@residual/compile';
import { add, conv2d, relu, type Tensor4D } from '@tensorflow/tfjs-core';

/** What a machine could do at most, and how that was measured. */
export interface Limits {
  readonly multiplyAddsPerSecond: number;
  /** Read and written together. */
  readonly bytesPerSecond: number;
  readonly how: string;
}

/** Of two measurements the better: a shared machine is slower for seconds at a time, and never faster than it is. */
export function higherLimits(a: Limits, b: Limits): Limits {
  return {
    multiplyAddsPerSecond: Math.max(a.multiplyAddsPerSecond, b.multiplyAddsPerSecond),
    bytesPerSecond: Math.max(a.bytesPerSecond, b.bytesPerSecond),
    how: a.how,
  };
}

/** Timed runs of each measurement, of which the medians count. */
const RUNS = 10;
/** Channels after each 1×1 convolution: few, whose filters fit a core's first cache, and many, beside which a dispatch is short. */
const WIDTHS = [64, 64, 64, 64, 256, 256, 256, 256];
const EDGE_PX = 28;
/** Numbers of each value of a sum: more than caches hold. */
const STREAMED = [1, 1024, 1024, 8] as const;

/**
 * The limits of the machine as an engine can reach them, for those that have no arithmetic of their own to be timed apart:
 * the fastest of some 1×1 convolutions of values that lie in the cache, and a sum of values that do not.
 */
export async function limitsOfEngine(engine: Engine): Promise<Limits> {
  const filters = WIDTHS.map((outputs, layer) => {
    const inputs = WIDTHS[layer - 1] ?? outputs;
    return { name: `layer${layer}`, shape: [1, 1, inputs, outputs] as const, inputs, outputs };
  });
  const weights: Weights = new Map(
    filters.map(({ name, shape, inputs, outputs }) => [
      name,
      { shape, data: new Float32Array(inputs * outputs).fill(1 / inputs) },
    ]),
  );
  const convolutions = await trace((t) => {
    let x = t.input('x', [1, EDGE_PX, EDGE_PX, filters[0]!.inputs]) as Tensor4D;
    for (const { name, shape } of filters) {
      x = relu(conv2d(x, t.parameter(name, [...shape]) as Tensor4D, 1, 'valid')) as Tensor4D;
    }
    return { y: x };
  });
  const sums = await trace((t) => ({ y: add(t.input('a', STREAMED), t.input('b', STREAMED)) }));
  const computed = await profileOf(engine, convolutions, weights);
  const streamed = await profileOf(engine, sums, new Map());
  const rates = computed.map(({ multiplyAdds, timeMs }) => multiplyAdds / timeMs);
  const bandwidths = streamed
    .filter(({ kind }) => kind === 'Add')
    .map(({ readBytes, writtenBytes, timeMs }) => (readBytes + writtenBytes) / timeMs);
  return {
    multiplyAddsPerSecond: 1000 * Math.max(...rates.filter(Number.isFinite)),
    bytesPerSecond: 1000 * Math.max(...bandwidths.filter(Number.isFinite)),
    how: 'as the engine reaches them: a 1×1 convolution in the cache, a sum beyond it',
  };
}

async function profileOf(
  engine: Engine,
  graph: Parameters<Engine['compile']>[0],
  weights: Weights,
): Promise<Profile['steps']> {
  const executable = await engine.compile(graph, weights);
  try {
    const inputs = executable.inputs.map(({ name, shape }) => {
      const count = shape.reduce((product, length) => product * length, 1);
      return [name, new Float32Array(count).fill(1)] as const;
    });
    return (await executable.profile!(Object.fromEntries(inputs), { runs: RUNS })).steps;
  } finally {
    await executable.dispose();
  }
}
