import type { LoadReport } from '@residual/blocks';
import type { ResNet, ResNetSpec } from '@residual/resnet';
import { type PixelImage, type Prediction, type Preset, preprocess, softmax, topK } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';
import type { ClassifierEngine, Network } from './network.ts';

/** Pixels that go through a network at once that is run by tfjs, unless the caller says otherwise: 8 pictures of 224 × 224. */
const BATCH_PIXELS = 8 * 224 * 224;

export interface ClassifyOptions {
  /** Classes per picture, the likeliest first; default 5, or all where there are fewer. */
  readonly topK?: number;
  /** Ends the work with the signal's reason: between two batches, by an engine also within one. */
  readonly signal?: AbortSignal;
}

/** What a classifier is made of; `createClassifier` puts it together. */
export interface ClassifierParts {
  readonly spec: ResNetSpec;
  readonly network: Network;
  readonly preset: Preset;
  readonly labels: readonly string[];
  readonly loadReport: LoadReport | undefined;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly batchSize: number | undefined;
}

/** A network with its preprocessing and the names of its classes, on an engine or the tfjs backend that it was made on. */
export class Classifier {
  readonly spec: ResNetSpec;
  readonly preset: Preset;
  /** Names of the classes, by index. */
  readonly labels: readonly string[];
  /** How the weights fitted; `undefined` for a model that was passed in. */
  readonly loadReport: LoadReport | undefined;
  /** For people: what was taken over from the weights, e.g. a head of another size. */
  readonly notes: readonly string[];
  /** For people: what makes the answers doubtful, e.g. weights that are not numbers. */
  readonly warnings: readonly string[];
  /** Pictures that go through the network at once. */
  readonly batchSize: number;
  readonly #network: Network;
  #isDisposed = false;

  constructor(parts: ClassifierParts) {
    this.spec = parts.spec;
    this.preset = parts.preset;
    this.labels = parts.labels;
    this.loadReport = parts.loadReport;
    this.notes = parts.notes;
    this.warnings = parts.warnings;
    this.batchSize = parts.batchSize ?? defaultBatchSize(parts);
    this.#network = parts.network;
  }

  /** The engine that serves, and why those before it don't; `undefined` where tfjs runs the model as it is. */
  get engine(): ClassifierEngine | undefined {
    return this.#network.engine;
  }

  /**
   * The model, on a tfjs backend. A compiled classifier that was given weights builds it when it is first asked for; training
   * it changes nothing about what is compiled.
   *
   * @throws ClassifierError after `dispose`.
   */
  get model(): ResNet {
    this.#checkLive();
    return this.#network.model;
  }

  /**
   * The likeliest classes of a picture, with their probabilities; of several pictures in their order.
   *
   * @throws ImageError for an image without a pixel.
   * @throws ScoresError where the logits are not numbers (see `warnings`), or `topK` is not from 1 to the number of classes.
   */
  classify(image: PixelImage, options?: ClassifyOptions): Promise<Prediction[]>;
  classify(images: readonly PixelImage[], options?: ClassifyOptions): Promise<Prediction[][]>;
  async classify(
    images: PixelImage | readonly PixelImage[],
    options: ClassifyOptions = {},
  ): Promise<Prediction[] | Prediction[][]> {
    const list = isList(images) ? images : [images];
    const logits = await this.logits(list, options);
    const predictions = logits.map((row) => this.predict(row, options.topK));
    return isList(images) ? predictions : predictions[0]!;
  }

  /**
   * The network's outputs before the softmax, `[numClasses] float32` for each picture.
   *
   * @throws ImageError for an image without a pixel.
   */
  async logits(
    images: readonly PixelImage[],
    { signal }: Pick<ClassifyOptions, 'signal'> = {},
  ): Promise<Float32Array[]> {
    const rows: Float32Array[] = [];
    for (let start = 0; start < images.length; start += this.batchSize) {
      signal?.throwIfAborted();
      const batch = images.slice(start, start + this.batchSize);
      const inputs = batch.map((image) => this.prepare(image));
      rows.push(...(await this.forward(inputs, signal ? { signal } : {})));
    }
    return rows;
  }

  /** A picture as the network takes it, `[cropPx, cropPx, 3] float32`. @throws ImageError */
  prepare(image: PixelImage): Float32Array {
    return preprocess(image, this.preset);
  }

  /**
   * Logits `[numClasses] float32` for each prepared picture. tfjs takes all of them at once, an engine in batches of
   * `batchSize` and what is left over one by one.
   *
   * @throws ClassifierError for inputs of another size, and after `dispose`.
   * @throws EngineError where an engine cannot take so large a batch.
   */
  async forward(
    inputs: readonly Float32Array[],
    { signal }: Pick<ClassifyOptions, 'signal'> = {},
  ): Promise<Float32Array[]> {
    this.#checkLive();
    this.#checkSizes(inputs);
    signal?.throwIfAborted();
    return inputs.length === 0 ? [] : this.#network.run(inputs, signal);
  }

  /** The likeliest classes by one picture's logits. @throws ScoresError */
  predict(logits: Float32Array, k: number = Math.min(5, this.labels.length)): Prediction[] {
    return topK(softmax(logits), k, this.labels);
  }

  /**
   * Frees what the classifier made: executables, after the runs under way, and the model where it built it; a model that
   * was passed in stays its owner's. Again it does nothing.
   */
  async dispose(): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    await this.#network.dispose();
  }

  #checkLive(): void {
    if (this.#isDisposed) throw new ClassifierError('DISPOSED', 'the classifier is disposed; create another');
  }

  #checkSizes(inputs: readonly Float32Array[]): void {
    const { cropPx } = this.preset;
    const size = 3 * cropPx ** 2;
    for (const [index, { length }] of inputs.entries()) {
      if (length === size) continue;
      const expected = `expected ${size} numbers (${cropPx} × ${cropPx} × 3), got ${length}`;
      throw new ClassifierError('BAD_INPUT', `input ${index}: ${expected}; make it with prepare()`);
    }
  }
}

/** Engines are as fast with one picture as with several, and answer sooner in less memory. */
function defaultBatchSize({ network, preset }: ClassifierParts): number {
  return network.engine ? 1 : Math.max(1, Math.floor(BATCH_PIXELS / preset.cropPx ** 2));
}

function isList(images: PixelImage | readonly PixelImage[]): images is readonly PixelImage[] {
  return Array.isArray(images);
}
