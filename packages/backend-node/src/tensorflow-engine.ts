import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  bind,
  type CompileOptions,
  type ConstantData,
  checkPrecision,
  type Engine,
  EngineError,
  type Executable,
  type Graph,
  makeExecutable,
  optimize,
  type Weights,
} from '@residual/compile';
import { type SavedModel, savedModel, UnsupportedOperationError } from '@residual/compile/saved-model';
import { checkMemory } from './tensorflow/check-memory.ts';
import { SessionClient } from './tensorflow/session-client.ts';
import type { HostTensor } from './tensorflow/session-protocol.ts';
import { TfjsNodeError } from './tfjs-node-error.ts';

export interface TensorFlowEngineOptions {
  /** Threads that TensorFlow computes with; as many as there are cores by default. Set once per process. */
  readonly threads?: number;
  /**
   * `bf16` computes at half the width, faster where the CPU has instructions for it (AVX-512 BF16, AMX) and to about
   * two digits. Default `fp32`.
   */
  readonly precision?: 'fp32' | 'bf16';
  /**
   * `constants` lets TensorFlow prepare the weights once, the fastest; it keeps several copies of them. `inputs` feeds
   * them in each run: slower by some ten milliseconds for a ResNet-50, in a third of the memory, and executables of
   * several sizes share them. Default `constants`.
   */
  readonly weights?: 'constants' | 'inputs';
}

/** Kept weights, by their arrays in host memory, which may go. */
type Pool = WeakMap<ConstantData, { tensor: Promise<number>; owners: number }>;

/** The engine on TensorFlow's own graph runtime, through tfjs-node's addon, off the main thread. */
export function tensorflow(options: TensorFlowEngineOptions = {}): Engine {
  const pool: Pool = new WeakMap();
  return {
    name: 'tensorflow',
    async isAvailable() {
      try {
        await SessionClient.shared(options).ask('open', {});
        return { available: true };
      } catch (error) {
        if (TfjsNodeError.isInstance(error)) return { available: false, reason: error.reason };
        if (EngineError.isInstance(error)) return { available: false, reason: error.message };
        throw error;
      }
    },
    compile: (graph, weights, compileOptions) => compile(graph, weights, options, pool, compileOptions),
  };
}

async function compile(
  graph: Graph,
  weights: Weights,
  options: TensorFlowEngineOptions,
  pool: Pool,
  compileOptions: CompileOptions | undefined,
): Promise<Executable> {
  checkPrecision('tensorflow', compileOptions, ['fp32', 'bf16']);
  const { weights: kind = 'constants' } = options;
  const precision = precisionOf(options, compileOptions);
  const bound = bind(optimize(graph), weights);
  checkMemory(bound);
  const model = written(bound, { precision, weights: kind });
  const client = connect(options);
  const version = await client.ask('open', {});
  const release = async (): Promise<void> => {
    await Promise.all([...model.weights.keys()].map((id) => releaseWeight(client, pool, bound.constants.get(id)!)));
  };
  const kept = [...model.weights].map(async ([id, tensor]) => {
    const { shape, dtype } = bound.values[id]!;
    return [tensor, await keepWeight(client, pool, { shape, dtype, data: bound.constants.get(id)! })] as const;
  });
  let session: number;
  try {
    session = await load(client, model, await Promise.all(kept));
  } catch (error) {
    await release();
    throw error;
  }
  const run = (inputs: Readonly<Record<string, ConstantData>>) => runSession(client, session, bound, model, inputs);
  const dispose = async (): Promise<void> => {
    await client.ask('free', { session });
    await release();
  };
  // TensorFlow prepares a graph, and finds out what it cannot do, when it first runs it.
  await run(zeros(bound)).catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  const weightBytes = [...bound.constants.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  const device = `TensorFlow ${version}${precision === 'fp32' ? '' : `, ${precision}`}`;
  const info = { engine: 'tensorflow', device, nodeCount: bound.nodes.length, weightBytes };
  return makeExecutable(bound, { info, run, dispose, concurrency: 2 }, compileOptions);
}

/** What compiling asks for, else what the engine was made with. */
function precisionOf({ precision = 'fp32' }: TensorFlowEngineOptions, asked: CompileOptions = {}): 'fp32' | 'bf16' {
  if (asked.precision === undefined) return precision;
  return asked.precision === 'bf16' ? 'bf16' : 'fp32';
}

function written(bound: Graph, options: { precision: 'fp32' | 'bf16'; weights: 'constants' | 'inputs' }): SavedModel {
  try {
    return savedModel(bound, { ...options, openBatch: false });
  } catch (error) {
    if (!UnsupportedOperationError.isInstance(error)) throw error;
    throw new EngineError('UNSUPPORTED_NODE', 'tensorflow', error.message, { cause: error });
  }
}

function connect(options: TensorFlowEngineOptions): SessionClient {
  try {
    return SessionClient.shared(options);
  } catch (error) {
    if (!TfjsNodeError.isInstance(error)) throw error;
    throw new EngineError('UNAVAILABLE', 'tensorflow', `tensorflow: ${error.reason}`, { cause: error });
  }
}

/** TensorFlow reads a SavedModel from a folder; once it is loaded the folder may go. */
async function load(
  client: SessionClient,
  model: SavedModel,
  weights: readonly (readonly [string, number])[],
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'residual-'));
  try {
    await writeFile(join(folder, 'saved_model.pb'), model.chunks);
    return await client.ask('load', { folder, weights });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runSession(
  client: SessionClient,
  session: number,
  graph: Graph,
  model: SavedModel,
  inputs: Readonly<Record<string, ConstantData>>,
): Promise<Record<string, ConstantData>> {
  const fed = graph.inputs.map(({ name, value }): readonly [string, HostTensor] => {
    const { shape, dtype } = graph.values[value]!;
    return [model.inputs.get(name)!, { shape, dtype, data: inputs[name]!.slice() }];
  });
  const request = { session, inputs: fed, outputs: [...model.outputs.values()] };
  const buffers = fed.map(([, { data }]) => data.buffer as ArrayBuffer);
  const results = await client.ask('run', request, buffers);
  return Object.fromEntries([...model.outputs.keys()].map((name, index) => [name, results[index]!]));
}

function zeros(graph: Graph): Record<string, ConstantData> {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }) => {
      const { shape, dtype } = graph.values[value]!;
      const count = shape.reduce((product, size) => product * size, 1);
      const kind = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
      return [name, new kind(count)];
    }),
  );
}

function keepWeight(client: SessionClient, pool: Pool, weight: HostTensor): Promise<number> {
  const known = pool.get(weight.data);
  const entry = known?.owners ? known : { tensor: client.ask('keep', weight), owners: 0 };
  entry.owners += 1;
  pool.set(weight.data, entry);
  return entry.tensor;
}

async function releaseWeight(client: SessionClient, pool: Pool, data: ConstantData): Promise<void> {
  const entry = pool.get(data)!;
  entry.owners -= 1;
  if (entry.owners === 0) await client.ask('free', { tensor: await entry.tensor });
}
