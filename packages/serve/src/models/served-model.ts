import { type Classifier, ClassifierError } from '@residual/classifier';
import type { ExplainOptions, Explanation } from '@residual/classifier/explain';
import { DecodeError, ImageError, ScoresError } from '@residual/vision';
import { Batcher, type BatchingOptions, type SubmitOptions } from '../batching/batcher.ts';
import type { ComputeTurns } from '../batching/compute-turns.ts';
import { withDeadline } from '../deadline.ts';
import { followingAbort } from '../following-abort.ts';
import type { ModelObserver } from '../metrics/model-observer.ts';
import type { InferResponse } from '../protocol/encode-infer-response.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { InferRequest } from '../protocol/tensor.ts';
import type { RequestTrace } from '../tracing/request-trace.ts';
import {
  countPictures,
  inputMetadata,
  isPrepared,
  type ModelInput,
  type PreparedSize,
  readModelInput,
  type TensorMetadata,
} from './model-inputs.ts';
import { type ModelRow, outputMetadata, outputTensors, wantedOutputs } from './model-outputs.ts';
import type { Preparer } from './prepare.ts';

/** Which model, and what it is called. */
export interface ModelName {
  readonly name: string;
  readonly version: string;
}

/** What a model shares with the others of its server. */
export interface ServedModelParts extends ModelName {
  readonly classifier: Classifier;
  readonly batching: BatchingOptions;
  readonly turns: ComputeTurns;
  readonly preparer: Preparer;
  readonly observer: ModelObserver;
}

/** A model's description. @see https://github.com/kserve/open-inference-protocol — `metadata_model_response` */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** How a request is to be computed. */
export interface InferOptions {
  /** Ends when the client is gone. */
  readonly signal: AbortSignal;
  /** When an answer is of no use any more, by `performance.now()`; none: whenever it comes. */
  readonly deadlineMs: number | undefined;
  /** Called with the number of pictures before any is prepared; may throw to refuse them. */
  readonly admit: (pictures: number, bytes: number) => void;
  readonly trace: RequestTrace | undefined;
}

/** A classifier that answers requests, in batches. It owns the classifier. */
export class ServedModel {
  readonly name: string;
  readonly version: string;
  readonly observer: ModelObserver;
  readonly #parts: ServedModelParts;
  readonly #batcher: Batcher<ModelRow>;
  #active = 0;
  #onIdle: (() => void) | undefined;

  constructor(parts: ServedModelParts) {
    this.name = parts.name;
    this.version = parts.version;
    this.observer = parts.observer;
    this.#parts = parts;
    const { classifier, observer, batching, turns } = parts;
    this.#batcher = new Batcher(
      (inputs, signal) => rowsOf(classifier, inputs, signal),
      batching,
      turns,
      (record) => observer.batch(record),
    );
  }

  /** Compiles what batches of any size need, so that no request waits for it. */
  async warmUp(): Promise<void> {
    const { classifier, batching } = this.#parts;
    const nothing = new Float32Array(classifier.inChannels * classifier.preset.cropPx ** 2);
    const { signal } = new AbortController();
    for (const count of new Set([batching.batchSize, Math.max(1, batching.batchSize - 1)]))
      await rowsOf(classifier, new Array(count).fill(nothing), signal);
  }

  /** Pictures that wait for their batch. */
  get waiting(): number {
    return this.#batcher.waiting;
  }

  get classifier(): Classifier {
    return this.#parts.classifier;
  }

  metadata(versions: readonly string[]): ModelMetadata {
    return {
      name: this.name,
      versions,
      platform: `residual_${this.classifier.engine?.name ?? 'tfjs'}`,
      inputs: inputMetadata(this.#size),
      outputs: outputMetadata(this.classifier),
    };
  }

  /**
   * Answers a request.
   *
   * @throws ProtocolError with the status that the client gets; the signal's reason where it is gone.
   */
  async infer(request: InferRequest, options: InferOptions): Promise<InferResponse> {
    const wanted = wantedOutputs(request, this.classifier);
    return this.#during(countPictures(request), options, async (signal) => {
      // Counted before they are taken apart.
      const [input] = request.inputs;
      const isMade = input !== undefined && isPrepared(input);
      options.admit(countPictures(request), isMade ? 0 : countPictures(request) * this.#preparedBytes);
      const rows = await this.#rows(readModelInput(request, this.#size), { ...options, signal });
      const outputs = outputTensors(rows, wanted, this.classifier, request.prefersBinary);
      return { modelName: this.name, modelVersion: this.version, id: request.id, outputs };
    });
  }

  /** What each picture's file gives. @throws as `infer` */
  rows(files: readonly Uint8Array[], options: InferOptions): Promise<readonly ModelRow[]> {
    return this.#during(files.length, options, (signal) => {
      options.admit(files.length, files.length * this.#preparedBytes);
      return this.#rows({ kind: 'file', items: files }, { ...options, signal });
    });
  }

  /** Where the network sees a class in each picture. @throws as `infer` */
  explain(
    files: readonly Uint8Array[],
    target: string | number | undefined,
    options: InferOptions,
  ): Promise<Explanation[]> {
    const { preparer } = this.#parts;
    return this.#during(files.length, options, async (signal) => {
      options.admit(files.length, files.length * this.#preparedBytes);
      const explanations: Explanation[] = [];
      for (const file of files)
        explanations.push(
          await this.#explained(
            file,
            { ...preparer.reading, signal, ...(target !== undefined && { target }) },
            options,
          ),
        );
      return explanations;
    });
  }

  /** One picture, decoded in its turn. */
  #explained(file: Uint8Array, how: ExplainOptions, { trace }: InferOptions): Promise<Explanation> {
    const sinceMs = performance.now();
    return this.#parts.turns.alone(async () => {
      const startMs = performance.now();
      trace?.step('queue', sinceMs, startMs);
      const explanation = await this.classifier.explain(file, how);
      trace?.step('compute', startMs, performance.now());
      return explanation;
    });
  }

  /** Waits for the requests under way, then frees the classifier. */
  async close(): Promise<void> {
    if (this.#active > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    this.#batcher.close();
    await this.classifier.dispose();
  }

  /** A request: counted while it is under way, ended at its deadline, and told of. */
  async #during<T>(pictures: number, options: InferOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#active++;
    const startMs = performance.now();
    let isAnswered = false;
    try {
      const answer = await withDeadline(options, work);
      isAnswered = true;
      return answer;
    } catch (error) {
      throw asProtocolError(error);
    } finally {
      this.observer.request(pictures, performance.now() - startMs, isAnswered);
      this.#active--;
      if (this.#active === 0) this.#onIdle?.();
    }
  }

  async #rows(input: ModelInput, options: SubmitOptions): Promise<readonly ModelRow[]> {
    // A picture that fails ends the work on its request's others.
    const { abort, unfollow } = followingAbort(options.signal);
    const { signal } = abort;
    const rows = input.items.map((item) => this.#row(input.kind, item, { ...options, signal }));
    try {
      return await Promise.all(rows);
    } catch (error) {
      abort.abort(error);
      // What is being decoded takes memory until it is.
      await Promise.allSettled(rows);
      throw error;
    } finally {
      unfollow();
    }
  }

  get #preparedBytes(): number {
    const { edgePx, channels } = this.#size;
    return edgePx * edgePx * channels * Float32Array.BYTES_PER_ELEMENT;
  }

  get #size(): PreparedSize {
    const { preset, inChannels } = this.classifier;
    return { edgePx: preset.cropPx, channels: inChannels };
  }

  async #row(
    kind: ModelInput['kind'],
    item: ModelInput['items'][number],
    { signal, deadlineMs, trace }: SubmitOptions,
  ): Promise<ModelRow> {
    if (kind === 'prepared') return this.#batcher.submit(item as Float32Array, { signal, deadlineMs, trace });
    const startMs = performance.now();
    const prepared = await this.#parts.preparer.prepare(
      this.classifier,
      item as Exclude<typeof item, Float32Array>,
      signal,
    );
    const endMs = performance.now();
    this.observer.prepared(endMs - startMs);
    trace?.step('decode', startMs, endMs);
    return this.#batcher.submit(prepared, { signal, deadlineMs, trace });
  }
}

/** Executables of `native` share their weights, so that there may be several. */
async function rowsOf(
  classifier: Classifier,
  inputs: readonly Float32Array[],
  signal: AbortSignal,
): Promise<ModelRow[]> {
  const halves = classifier.engine?.name === 'native';
  const endpoints = classifier.labels.length > 0 ? (['pooled', 'logits'] as const) : (['pooled'] as const);
  const rows = await classifier.forwardIntermediates(inputs, endpoints, { signal, halves });
  return rows.map((row) => ({ embedding: row.pooled.data, logits: 'logits' in row ? row.logits.data : undefined }));
}

/** What is the client's fault, and what is ours. */
function asProtocolError(error: unknown): unknown {
  if (ProtocolError.isInstance(error)) return error;
  if (DecodeError.isInstance(error) || ImageError.isInstance(error))
    return new ProtocolError(400, error.message, error);
  if (ScoresError.isInstance(error))
    return new ProtocolError(400, `the network's answer is not a number: ${error.message}`, error);
  if (
    ClassifierError.isInstance(error) &&
    (error.code === 'BAD_INPUT' || error.code === 'BAD_OPTION' || error.code === 'NO_HEAD')
  )
    return new ProtocolError(400, error.message, error);
  return error;
}
