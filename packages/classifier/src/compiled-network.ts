import type { VarSource } from '@residual/blocks';
import { compileFor, type Engine, type Executable, type Graph, trace, type Weights } from '@residual/compile';
import type { ResNet } from '@residual/resnet';
import * as tf from '@tensorflow/tfjs-core';
import { type ClassifierEngine, join, type Network, split } from './network.ts';

/** One run computes, and the next is there when it ends. */
const CONCURRENCY = 2;

export interface CompiledNetworkParts {
  /** The network over the variables that it is given. */
  readonly build: (vars: VarSource) => ResNet;
  /** In tfjs's layout. */
  readonly weights: Weights;
  /** A model that stays its owner's; without one, `model` builds it of the weights. */
  readonly model: ResNet | undefined;
  readonly edgePx: number;
  readonly batchSize: number;
}

/** A model compiled by an engine, for batches of one size and for single pictures; needs no tfjs backend. */
export class CompiledNetwork implements Network {
  readonly engine: ClassifierEngine;
  readonly #parts: CompiledNetworkParts;
  readonly #compile: Engine['compile'];
  /** By batch size: the one it was created with, and 1 where pictures were left over. */
  readonly #executables = new Map<number, Promise<Executable>>();
  #built: ResNet | undefined;

  private constructor(
    parts: CompiledNetworkParts,
    { engine, passedOver, executable }: Awaited<ReturnType<typeof compileFor>>,
  ) {
    this.engine = { name: engine.name, device: executable.info.device, passedOver };
    this.#parts = parts;
    this.#compile = (graph, weights) => engine.compile(graph, weights);
    this.#executables.set(parts.batchSize, Promise.resolve(executable));
  }

  /** @throws EngineError where none of the engines can run it. */
  static async create(parts: CompiledNetworkParts, engines: readonly Engine[]): Promise<CompiledNetwork> {
    return new CompiledNetwork(parts, await compileFor(engines, await traced(parts, parts.batchSize), parts.weights));
  }

  get model(): ResNet {
    const { model, build, weights } = this.#parts;
    this.#built ??=
      model ??
      build((path, { shape, trainable }) =>
        tf.tidy(() => tf.variable(tf.tensor(weights.get(path)!.data, shape, 'float32'), trainable)),
      );
    return this.#built;
  }

  async run(inputs: readonly Float32Array[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    const waiting = batchesOf(inputs, this.#parts.batchSize);
    // A loop that ends by an error ends the generator, and so the other loop.
    const work = async (): Promise<void> => {
      for (const { start, batch } of waiting) {
        for (const [index, row] of (await this.#runBatch(batch, signal)).entries()) rows[start + index] = row;
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return rows;
  }

  async dispose(): Promise<void> {
    if (this.#built !== this.#parts.model) this.#built?.dispose();
    const executables = await Promise.allSettled(this.#executables.values());
    await Promise.all(executables.map((result) => result.status === 'fulfilled' && result.value.dispose()));
  }

  async #runBatch(batch: readonly Float32Array[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const executable = await this.#executableFor(batch.length);
    const { logits } = await executable.run({ image: join(batch) }, signal ? { signal } : {});
    return split(logits as Float32Array, batch.length);
  }

  #executableFor(batchSize: number): Promise<Executable> {
    const known = this.#executables.get(batchSize);
    if (known) return known;
    const { weights } = this.#parts;
    const made = traced(this.#parts, batchSize).then((graph) => this.#compile(graph, weights));
    this.#executables.set(batchSize, made);
    made.catch(() => this.#executables.delete(batchSize));
    return made;
  }
}

/** Whole batches, then what is left over one by one. */
function* batchesOf(
  inputs: readonly Float32Array[],
  batchSize: number,
): Generator<{ start: number; batch: readonly Float32Array[] }, void, undefined> {
  for (let start = 0; start < inputs.length; ) {
    const size = start + batchSize <= inputs.length ? batchSize : 1;
    yield { start, batch: inputs.slice(start, start + size) };
    start += size;
  }
}

function traced({ build, edgePx }: CompiledNetworkParts, batchSize: number): Promise<Graph> {
  return trace((t) => {
    const model = build((path, { shape, trainable }) => t.parameter(path, shape, { trainable }));
    return { logits: model.forward(t.input('image', [batchSize, edgePx, edgePx, 3]) as tf.Tensor4D) };
  });
}
