import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContractNet, TracerLike } from './contract-net.ts';
import { deterministicPicture, deterministicTensor, uniform } from './deterministic.ts';
import { contractNets, residualNet } from './engine-contract-nets.ts';
import { expectClose } from './expect-close.ts';
import { gradientNets } from './gradient-nets.ts';

type HostData = Float32Array | Int32Array | Uint8Array;
type Inputs = Readonly<Record<string, HostData>>;
type WeightMap = ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: HostData }>;

/** What the contract reads of a graph. */
interface GraphLike {
  readonly values: readonly { readonly shape: readonly number[] }[];
  readonly inputs: readonly { readonly name: string; readonly role: string; readonly value: number }[];
}

interface ProfileLike {
  readonly runs: number;
  readonly runMs: number;
  readonly steps: readonly {
    readonly name: string;
    readonly kind: string;
    readonly algorithm: string;
    readonly shape: readonly number[];
    readonly timeMs: number;
    readonly multiplyAdds: number;
    readonly computedMultiplyAdds: number;
    readonly weightBytes: number;
    readonly readBytes: number;
    readonly writtenBytes: number;
  }[];
  readonly outputs: Readonly<Record<string, HostData>>;
}

interface ExecutableLike {
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  run(inputs: Inputs, options?: { readonly signal?: AbortSignal }): Promise<Record<string, HostData>>;
  profile?(inputs: Inputs, options?: { readonly runs?: number }): Promise<ProfileLike>;
  dispose(): Promise<void>;
}

interface CompileOptionsLike {
  readonly rejectNaN?: boolean;
  readonly precision?: 'fp32' | 'fp16' | 'bf16' | 'int8';
  readonly calibration?: () => Promise<readonly Readonly<Record<string, Float32Array>>[]>;
}

export interface EngineContractOptions<Graph extends GraphLike> {
  /** Makes the engine; called once, after `setUp`. */
  readonly engine: () => {
    compile(graph: Graph, weights: WeightMap, options?: CompileOptionsLike): Promise<ExecutableLike>;
  };
  /** `trace` and `interpret` of `@residual/compile`. */
  readonly trace: (fn: (tracer: TracerLike) => Record<string, tf.Tensor>) => Promise<Graph>;
  readonly interpret: (graph: Graph, feeds: Readonly<Record<string, tf.Tensor>>) => tf.NamedTensorMap;
  /** Makes the tfjs backend current that the engine needs, if it needs one; called after each use of the CPU backend. */
  readonly setUp?: () => Promise<unknown>;
  /** Largest difference from the CPU backend, over the largest output. Default 1e-4. */
  readonly tolerance?: number;
  /** Whether it is asked for more memory than any machine has; not for engines whose device such a thing takes away. Default true. */
  readonly outgrowsMemory?: boolean;
  /** Whether it computes training steps, for which tfjs's gradients must be registered. Default false. */
  readonly trains?: boolean;
  /** Nets left out because the result depends on rounding: of two numbers that round to the same, either may be the largest. */
  readonly without?: readonly string[];
  /** Whether its executables have `profile`. Default false. */
  readonly profiles?: boolean;
  /** How many runs must leave no memory behind; default 1,000. */
  readonly manyRuns?: number;
}

/** What every engine must keep: numbers as the traced operations give them on tfjs's CPU backend, and clear errors. */
export function engineContract<Graph extends GraphLike>(name: string, options: EngineContractOptions<Graph>): void {
  const { trace, interpret, setUp = () => Promise.resolve(), tolerance = 1e-4 } = options;
  const { outgrowsMemory = true, trains = false, profiles = false, manyRuns = 1000 } = options;
  const all = Object.entries({ ...contractNets(), ...(trains ? gradientNets() : {}) });
  const nets = all.filter(([name]) => options.without?.includes(name) !== true);
  if (all.length - nets.length !== (options.without?.length ?? 0))
    throw new Error(`${name}: a net left out is not there`);

  describe(`${name}: engine contract`, () => {
    let engine: ReturnType<typeof options.engine>;
    let tensorsBefore = 0;
    beforeAll(async () => {
      await import('@tensorflow/tfjs-backend-cpu');
      await setUp();
      engine = options.engine();
      tensorsBefore = tf.engine().state.numTensors;
    });
    afterAll(() => {
      expect(tf.engine().state.numTensors, 'tensors after everything is disposed').toBe(tensorsBefore);
    });

    const reference = async (graph: Graph, weights: WeightMap, inputs: Inputs): Promise<Record<string, HostData>> => {
      await tf.setBackend('cpu');
      const results = tf.tidy(() => {
        const feeds = graph.inputs.map((input) => {
          const shape = [...graph.values[input.value]!.shape];
          return [input.name, tf.tensor(inputs[input.name] ?? weights.get(input.name)!.data, shape)] as const;
        });
        const outputs = Object.entries(interpret(graph, Object.fromEntries(feeds)));
        return Object.fromEntries(outputs.map(([key, tensor]) => [key, tensor.dataSync() as HostData]));
      });
      await setUp();
      return results;
    };

    const expectEqual = (actual: Record<string, HostData>, expected: Record<string, HostData>): void => {
      expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
      for (const [key, values] of Object.entries(expected)) {
        const found = actual[key]!;
        expect(found.constructor, key).toBe(values.constructor);
        expectClose(found, values, tolerance, key);
      }
    };

    const prepare = async (net: ContractNet) => {
      const graph = await trace(net);
      return { graph, weights: weightsOf(graph), inputs: inputsOf(graph) };
    };

    test.each(nets)('%s gives the numbers of the traced operations', async (_, net) => {
      const { graph, weights, inputs } = await prepare(net);
      const executable = await engine.compile(graph, weights);
      const results = await executable.run(inputs);
      const again = await executable.run(inputs);
      await executable.dispose();
      expectEqual(results, await reference(graph, weights, inputs));
      expect(again).toEqual(results);
    });

    test('ResNet-20 gives the numbers of the traced operations, one picture and three', async () => {
      for (const batch of [1, 3]) {
        const { graph, weights, inputs } = await prepare(residualNet(batch, 32));
        const executable = await engine.compile(graph, weights);
        const results = await executable.run(inputs);
        await executable.dispose();
        expectEqual(results, await reference(graph, weights, inputs));
      }
    });

    describe('an executable', () => {
      let graph: Graph;
      let weights: WeightMap;
      let inputs: Inputs;
      let expected: Record<string, HostData>;
      let executable: ExecutableLike;
      beforeAll(async () => {
        ({ graph, weights, inputs } = await prepare(residualNet(1, 16)));
        expected = await reference(graph, weights, inputs);
        executable = await engine.compile(graph, weights);
      });
      afterAll(() => executable.dispose());

      test('says what it takes and gives', () => {
        expect(executable.inputs).toEqual([{ name: 'image', shape: [1, 16, 16, 3], dtype: 'float32' }]);
        expect(executable.outputs).toEqual([{ name: 'logits', shape: [1, 10], dtype: 'float32' }]);
      });

      test('refuses what is no input of it, by name, with what was expected and got', async () => {
        const refusal = (given: Inputs) =>
          executable.run(given).then(
            () => undefined,
            (error: unknown) => error,
          );
        for (const [given, message] of [
          [{}, /image: expected Float32Array of \[1, 16, 16, 3\], got nothing/],
          [{ image: new Float32Array(5) }, /image: .* 768 numbers, got 5/],
          [{ image: new Uint8Array(768) }, /image: .*got Uint8Array/],
          [{ ...inputs, other: new Float32Array(1) }, /other: expected inputs image/],
        ] as [Inputs, RegExp][]) {
          const error = await refusal(given);
          expect(error).toMatchObject({ code: 'BAD_INPUT' });
          expect(String(error)).toMatch(message);
        }
        expectEqual(await executable.run(inputs), expected);
      });

      test('refuses NaN where asked to', async () => {
        const strict = await engine.compile(graph, weights, { rejectNaN: true });
        const image = Float32Array.from(inputs['image']!);
        image[7] = Number.NaN;
        await expect(strict.run({ image })).rejects.toMatchObject({ code: 'BAD_INPUT', message: /NaN at element 7/ });
        expectEqual(await strict.run(inputs), expected);
        await strict.dispose();
      });

      test.each(['fp16', 'bf16', 'int8'] as const)('is made in %s, or refused in a line', async (precision) => {
        const calibration = async () => [{ image: inputs['image'] as Float32Array }];
        const made = await engine.compile(graph, weights, { precision, calibration }).catch((error: unknown) => error);
        if (made instanceof Error) {
          expect(made).toMatchObject({ code: 'UNAVAILABLE', message: /^precision.*: expected .*, got / });
          return;
        }
        const reduced = made as ExecutableLike;
        expectClose((await reduced.run(inputs))['logits']!, expected['logits']!, 0.1);
        await reduced.dispose();
      });

      test('runs that overlap each give their own result', async () => {
        const dark = { image: new Float32Array(768) };
        const [first, second, third] = await Promise.all([
          executable.run(inputs),
          executable.run(dark),
          executable.run(inputs),
        ]);
        const alone = await executable.run(dark);
        expectEqual(first!, expected);
        expectEqual(third!, expected);
        expectEqual(second!, alone);
      });

      test("gives results that are the caller's, and leaves inputs as they were", async () => {
        const image = Float32Array.from(inputs['image']!);
        const first = await executable.run({ image });
        expect(image).toEqual(inputs['image']);
        first['logits']!.fill(0);
        image.fill(0);
        expectEqual(await executable.run(inputs), expected);
      });

      test('is cancelled before, during and while waiting for a run, and goes on working', async () => {
        await expect(executable.run(inputs, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
        const controller = new AbortController();
        const runs = [1, 2, 3].map(() => executable.run(inputs, { signal: controller.signal }));
        controller.abort(new Error('changed my mind'));
        const ends = await Promise.allSettled(runs);
        for (const end of ends) {
          expect(end).toMatchObject({ status: 'rejected', reason: { message: 'changed my mind' } });
        }
        expectEqual(await executable.run(inputs), expected);
      });

      test('lives beside another of another size and the same weights', async () => {
        const other = await prepare(residualNet(2, 24));
        const beside = await engine.compile(other.graph, weights);
        const [small, large] = await Promise.all([executable.run(inputs), beside.run(other.inputs)]);
        await beside.dispose();
        expectEqual(small!, expected);
        expectEqual(large!, await reference(other.graph, weights, other.inputs));
        expectEqual(await executable.run(inputs), expected);
      });

      test('is disposed once, after its runs, and then says so', async () => {
        const doomed = await engine.compile(graph, weights);
        const last = doomed.run(inputs);
        await Promise.all([doomed.dispose(), doomed.dispose()]);
        expectEqual(await last, expected);
        await expect(doomed.run(inputs)).rejects.toMatchObject({ code: 'DISPOSED' });
      });

      test('many runs, and many executables, leave no memory behind', async () => {
        const cycle = async (): Promise<void> => {
          const fleeting = await engine.compile(graph, weights);
          for (let run = 0; run < 10; run++) await fleeting.run(inputs);
          await fleeting.dispose();
        };
        for (let warm = 0; warm < 3; warm++) await cycle();
        const tensors = tf.engine().state.numTensors;
        const before = residentBytes();
        for (let round = 0; round < 7; round++) await cycle();
        expect(tf.engine().state.numTensors).toBe(tensors);
        expect(residentBytes() - before).toBeLessThan(100e6);
      });

      test(`${manyRuns} runs leave no memory behind`, async () => {
        const small = await prepare(pointNet(32, 16));
        const runner = await engine.compile(small.graph, small.weights);
        const run = async (count: number): Promise<number> => {
          for (let index = 0; index < count; index++) await runner.run(small.inputs);
          return residentBytes();
        };
        const before = await run(0.3 * manyRuns);
        const tensors = tf.engine().state.numTensors;
        const after = await run(manyRuns);
        expect(tf.engine().state.numTensors).toBe(tensors);
        await runner.dispose();
        // The 64 kB between a run's two operations would be 64 MB in a thousand.
        expect(after - before).toBeLessThan(40e6);
      });

      if (profiles) {
        test('a profile has every convolution once, times that make up the run, and the same results', async () => {
          const { steps, runMs, runs, outputs } = await executable.profile!(inputs, { runs: 3 });
          expect(runs).toBe(3);
          expect(outputs).toEqual(await executable.run(inputs));
          const computing = steps.filter(({ multiplyAdds }) => multiplyAdds > 0);
          // Twenty-one convolutions and the matrix product, each by its own name.
          expect(new Set(computing.map(({ name }) => name)).size).toBe(computing.length);
          expect(computing.map(({ name }) => name)).toContain('layer2.0.conv1');
          expect(computing).toHaveLength(22);
          expect(sumOf(steps, 'multiplyAdds')).toBe(RESIDUAL_16_MULTIPLY_ADDS);
          for (const step of computing) {
            expect(step.computedMultiplyAdds, step.name).toBeGreaterThan(0);
            expect(step.weightBytes, step.name).toBeGreaterThan(0);
          }
          for (const { name, algorithm, readBytes, writtenBytes, timeMs } of steps) {
            expect(algorithm, name).toMatch(/^[a-z]/);
            expect(readBytes + writtenBytes, name).toBeGreaterThan(0);
            expect(timeMs, name).toBeGreaterThanOrEqual(0);
          }
          // Medians of each need not add up to the median of all, and a coarse clock sees few of them.
          const tick = clockTickMs();
          if (tick < 0.5) expect(sumOf(steps, 'timeMs')).toBeGreaterThan(0);
          expect(sumOf(steps, 'timeMs')).toBeLessThan(2 * (runMs + tick));
        });
      }

      if (outgrowsMemory) {
        test('too little memory is an error, and the next run answers', async () => {
          const huge = await trace(pointNet(4096, 4e6));
          const attempt = async (): Promise<void> => {
            const doomed = await engine.compile(huge, weightsOf(huge));
            try {
              await doomed.run({ x: new Float32Array(4096 * 4096) });
            } finally {
              await doomed.dispose();
            }
          };
          const tensors = tf.engine().state.numTensors;
          await expect(attempt()).rejects.toMatchObject({
            name: 'EngineError',
            message: expect.stringMatching(/^[^\n]*(memory|MB|OOM|length|fewer than)[^\n]*; [^\n]+$/),
          });
          expect(tf.engine().state.numTensors).toBe(tensors);
          expectEqual(await executable.run(inputs), expected);
        });
      }

      test('weights that do not fit are named', async () => {
        const without = new Map([...weights].filter(([key]) => key !== 'fc.bias'));
        await expect(engine.compile(graph, without)).rejects.toThrow(/fc\.bias: expected \[10\], got no weight/);
        const turned = new Map(weights).set('fc.weight', { ...weights.get('fc.weight')!, shape: [10, 64] });
        await expect(engine.compile(graph, turned)).rejects.toThrow(/fc\.weight: expected \[64, 10\], got \[10, 64\]/);
      });
    });
  });
}

/** Of `residualNet(1, 16)`: its stem, twenty 3×3 and 1×1 convolutions, and its matrix product, counted by hand. */
const RESIDUAL_16_MULTIPLY_ADDS = 10_203_776;

/** The least that the clock goes on by: in pages that are not isolated, up to a millisecond. */
function clockTickMs(): number {
  const start = performance.now();
  for (;;) {
    const passed = performance.now() - start;
    if (passed > 0) return passed;
  }
}

function sumOf(steps: ProfileLike['steps'], field: 'timeMs' | 'multiplyAdds'): number {
  return steps.reduce((sum, step) => sum + step[field], 0);
}

/** The process's memory; a page does not know its own, and counts tensors alone. */
function residentBytes(): number {
  return globalThis.process?.memoryUsage?.().rss ?? 0;
}

/** A convolution of single pixels, whose output is `edgePx² × channels` numbers. */
function pointNet(edgePx: number, channels: number): ContractNet {
  return (t) => {
    const x = t.input('x', [1, edgePx, edgePx, 1]) as tf.Tensor4D;
    const filter = t.parameter('w', [1, 1, 1, channels]) as tf.Tensor4D;
    return { y: tf.mean(tf.relu(tf.conv2d(x, filter, 1, 'valid')), [1, 2]) };
  };
}

/** Values by name alone, whatever the graph: graphs of the same names have the same weights. */
function weightsOf(graph: GraphLike): WeightMap {
  const parameters = graph.inputs.filter(({ role }) => role === 'parameter');
  return new Map(
    parameters.map(({ name, value }) => {
      const { shape } = graph.values[value]!;
      return [name, { shape, data: valuesOf(name, shape) }];
    }),
  );
}

function valuesOf(name: string, shape: readonly number[]): Float32Array {
  // The generator takes PyTorch's layout; for its scale the fan-in is all that counts.
  const [height, width, inChannels, outChannels] = shape as [number, number, number, number];
  if (shape.length === 4) return deterministicTensor(name, [outChannels, inChannels, height, width]);
  return deterministicTensor(name, shape.length === 2 ? [...shape].reverse() : shape);
}

function inputsOf(graph: GraphLike): Record<string, Float32Array> {
  const data = graph.inputs.filter(({ role }) => role === 'data');
  return Object.fromEntries(
    data.map(({ name, value }) => {
      const { shape } = graph.values[value]!;
      if (shape.length === 4) return [name, deterministicPicture(shape as [number, number, number, number])];
      const count = shape.reduce((product, size) => product * size, 1);
      return [name, Float32Array.from(uniform(name, count), (u) => 2 * u - 1)];
    }),
  );
}
