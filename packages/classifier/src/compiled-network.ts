import {
  type CompileOptions,
  compileFor,
  type Engine,
  EngineError,
  type Executable,
  type RunOptions,
  rowMajor,
  traceModel,
  type Weights,
} from '@residual/compile';
import type { Endpoint, ResNet } from '@residual/resnet';
import type { Preset } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { BatchBuffers } from './batch-buffers.ts';
import type { BatchRunOptions } from './batch-run-options.ts';
import {
  type ClassifierEngine,
  type FeatureMap,
  type Features,
  type InputSize,
  type Network,
  type NetworkInput,
  split,
} from './network.ts';
import { type Picture, takesPictures } from './picture-executable.ts';

/** One run computes, and the next is there when it ends. */
const CONCURRENCY = 2;
/** What every executable of the whole network gives, where it has a head: embeddings cost nothing beside logits. */
const HEAD: readonly Endpoint[] = ['pooled', 'logits'];

export interface CompiledNetworkParts extends InputSize {
  /** The network; its variables may have shapes alone. */
  readonly blueprint: ResNet;
  readonly weights: Weights;
  /** A model that stays its owner's; without one, `model` builds it of the weights. */
  readonly model: ResNet | undefined;
  readonly batchSize: number;
  readonly preset: Preset;
  /** In how many bits. */
  readonly compileOptions: CompileOptions;
}

/** A model compiled by an engine, for each size of batch that is asked for; needs no tfjs backend. */
export class CompiledNetwork implements Network {
  readonly engine: ClassifierEngine;
  readonly #parts: CompiledNetworkParts;
  readonly #compile: Engine['compile'];
  /** By endpoints and batch size: the one it was created with, those of what was left over, and what was asked for since. */
  readonly #executables = new Map<string, Promise<Executable>>();
  readonly #buffers = new BatchBuffers();
  readonly #batchSize: number;
  /** An engine found that more do not fit. */
  #largestBatch = Number.POSITIVE_INFINITY;
  #built: ResNet | undefined;

  private constructor(
    parts: CompiledNetworkParts,
    { engine, passedOver, executable }: Awaited<ReturnType<typeof compileFor>>,
  ) {
    const preparesPictures = parts.channels === 3 && takesPictures(executable);
    this.engine = { name: engine.name, device: executable.info.device, passedOver, preparesPictures };
    this.#parts = parts;
    this.#batchSize = parts.batchSize;
    this.#compile = (graph, weights) => engine.compile(graph, weights, parts.compileOptions);
    this.#executables.set(keyOf(headOf(parts), parts.batchSize), Promise.resolve(executable));
  }

  /** A batch that no engine takes is halved. @throws EngineError where none of the engines can run it. */
  static async create(parts: CompiledNetworkParts, engines: readonly Engine[]): Promise<CompiledNetwork> {
    try {
      const { blueprint, edgePx: sizePx, batchSize } = parts;
      const graph = await traceModel(blueprint, { endpoints: headOf(parts), batchSize, sizePx });
      return new CompiledNetwork(parts, await compileFor(engines, graph, parts.weights, parts.compileOptions));
    } catch (error) {
      if (!isTooMuch(error, parts.batchSize)) throw error;
      return CompiledNetwork.create({ ...parts, batchSize: Math.ceil(parts.batchSize / 2) }, engines);
    }
  }

  get model(): ResNet {
    const { model, blueprint, weights } = this.#parts;
    this.#built ??=
      model ??
      blueprint.withVars((path, { shape, trainable }) =>
        tf.tidy(() => tf.variable(tf.tensor(rowMajor(weights.get(path)!), shape, 'float32'), trainable)),
      );
    return this.#built;
  }

  async run<Name extends Endpoint>(
    inputs: readonly NetworkInput[],
    endpoints: readonly Name[],
    { signal, halves = false, batchSize = this.#batchSize }: BatchRunOptions,
  ): Promise<Features<Name>[]> {
    const rows: Features<Name>[] = [];
    const waiting = batchesOf(inputs, Math.min(batchSize, this.#largestBatch), halves);
    // A loop that ends by an error ends the generator, and so the other loop.
    const work = async (): Promise<void> => {
      for (const { start, batch } of waiting) {
        for (const [index, row] of (await this.#runBatch(batch, endpoints, signal)).entries())
          rows[start + index] = row;
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return rows;
  }

  get blueprint(): ResNet {
    return this.#parts.blueprint;
  }

  async variable(name: string): Promise<ArrayLike<number>> {
    return rowMajor(this.#parts.weights.get(name)!);
  }

  async dispose(): Promise<void> {
    if (this.#built !== this.#parts.model) this.#built?.dispose();
    const executables = await Promise.allSettled(this.#executables.values());
    await Promise.all(executables.map((result) => result.status === 'fulfilled' && result.value.dispose()));
  }

  async #runBatch<Name extends Endpoint>(
    batch: readonly NetworkInput[],
    endpoints: readonly Name[],
    signal: AbortSignal | undefined,
  ): Promise<Features<Name>[]> {
    try {
      const executable = await this.#executableFor(endpoints, batch.length);
      const { outputs } = executable;
      const running = signal ? { signal } : {};
      const values =
        takesPictures(executable) && !arePrepared(batch)
          ? await executable.runPictures(batch as readonly Picture[], this.#parts.preset, running)
          : await this.#runPrepared(executable, batch as readonly Float32Array[], running);
      const wanted = outputs.filter(({ name }) => endpoints.includes(name as Name));
      const read = wanted.map(({ name, shape }) => [name, { shape, data: values[name] } as FeatureMap]);
      return split(Object.fromEntries(read) as Features<Name>, batch.length);
    } catch (error) {
      if (!isTooMuch(error, batch.length)) throw error;
      const half = Math.ceil(batch.length / 2);
      this.#largestBatch = Math.min(this.#largestBatch, half);
      const first = await this.#runBatch(batch.slice(0, half), endpoints, signal);
      return [...first, ...(await this.#runBatch(batch.slice(half), endpoints, signal))];
    }
  }

  async #runPrepared(
    executable: Executable,
    batch: readonly Float32Array[],
    running: RunOptions,
  ): ReturnType<Executable['run']> {
    const image = this.#buffers.join(batch);
    const values = await executable.run({ image }, running);
    // After an error an engine may still be reading it.
    this.#buffers.give(image);
    return values;
  }

  #executableFor(wanted: readonly Endpoint[], batchSize: number): Promise<Executable> {
    const head = headOf(this.#parts);
    const endpoints = wanted.every((name) => head.includes(name)) ? head : wanted;
    const key = keyOf(endpoints, batchSize);
    const known = this.#executables.get(key);
    if (known) return known;
    const { blueprint, edgePx: sizePx, weights } = this.#parts;
    const graph = traceModel(blueprint, { endpoints, batchSize, sizePx });
    const made = graph.then((traced) => this.#compile(traced, weights));
    this.#executables.set(key, made);
    made.catch(() => this.#executables.delete(key));
    return made;
  }
}

function arePrepared(batch: readonly NetworkInput[]): batch is readonly Float32Array[] {
  return batch[0] instanceof Float32Array;
}

function keyOf(endpoints: readonly Endpoint[], batchSize: number): string {
  return [...endpoints].sort().join() + batchSize;
}

/** Engines say `UNAVAILABLE` where memory does not suffice; half as many pictures may fit. */
function isTooMuch(error: unknown, batchSize: number): boolean {
  return batchSize > 1 && EngineError.isInstance(error) && error.code === 'UNAVAILABLE';
}

/** Whole batches, then what is left over in halves of one, or one by one. */
function* batchesOf(
  inputs: readonly NetworkInput[],
  batchSize: number,
  halves: boolean,
): Generator<{ start: number; batch: readonly NetworkInput[] }, void, undefined> {
  let size = batchSize;
  for (let start = 0; start < inputs.length; ) {
    while (start + size > inputs.length) size = halves ? Math.ceil(size / 2) : 1;
    yield { start, batch: inputs.slice(start, start + size) };
    start += size;
  }
}

function headOf({ blueprint }: CompiledNetworkParts): readonly Endpoint[] {
  return HEAD.filter((name) => blueprint.endpoints.includes(name));
}
