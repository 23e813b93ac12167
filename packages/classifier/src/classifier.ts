import type { LoadReport } from '@residual/blocks';
import type { ResNet, ResNetSpec } from '@residual/resnet';
import { type PixelImage, type Prediction, type Preset, preprocess, softmax, topK } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { ClassifierError } from './classifier-error.ts';

/** Pixels that go through the network at once, unless the caller says otherwise: 8 pictures of 224 × 224. */
const BATCH_PIXELS = 8 * 224 * 224;

export interface ClassifyOptions {
  /** Classes per picture, the likeliest first; default 5, or all where there are fewer. */
  readonly topK?: number;
  /** Ends the work between two batches, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a classifier is made of; `createClassifier` puts it together. */
export interface ClassifierParts {
  readonly model: ResNet;
  readonly preset: Preset;
  readonly labels: readonly string[];
  readonly loadReport: LoadReport | undefined;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly batchSize: number | undefined;
  readonly ownsModel: boolean;
}

/** A network with its preprocessing and the names of its classes, on the tfjs backend that it was made on. */
export class Classifier {
  readonly model: ResNet;
  readonly preset: Preset;
  /** Names of the classes, by index. */
  readonly labels: readonly string[];
  /** How the weights fitted; `undefined` for a model that was passed in. */
  readonly loadReport: LoadReport | undefined;
  /** For people: what was read in the weights, and taken over from them. */
  readonly notes: readonly string[];
  /** For people: what makes the answers doubtful, e.g. weights that are not numbers. */
  readonly warnings: readonly string[];
  /** Pictures that go through the network at once. */
  readonly batchSize: number;
  readonly #ownsModel: boolean;
  #isDisposed = false;

  constructor(parts: ClassifierParts) {
    this.model = parts.model;
    this.preset = parts.preset;
    this.labels = parts.labels;
    this.loadReport = parts.loadReport;
    this.notes = parts.notes;
    this.warnings = parts.warnings;
    this.batchSize = parts.batchSize ?? Math.max(1, Math.floor(BATCH_PIXELS / parts.preset.cropPx ** 2));
    this.#ownsModel = parts.ownsModel;
  }

  get spec(): ResNetSpec {
    return this.model.spec;
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
      rows.push(...(await this.forward(this.prepare(images.slice(start, start + this.batchSize)))));
    }
    return rows;
  }

  /** Pictures as the network takes them, one batch `[N, cropPx, cropPx, 3] float32`. @throws ImageError */
  prepare(images: readonly PixelImage[]): Float32Array {
    const size = this.#inputSize;
    const batch = new Float32Array(images.length * size);
    images.forEach((image, index) => {
      preprocess(image, this.preset, batch.subarray(index * size, (index + 1) * size));
    });
    return batch;
  }

  /**
   * Logits `[numClasses] float32` for each picture of a prepared batch; all of it goes through the network at once.
   *
   * @throws ClassifierError for a batch of another size than whole pictures, and after `dispose`.
   */
  async forward(batch: Float32Array): Promise<Float32Array[]> {
    if (this.#isDisposed) throw new ClassifierError('DISPOSED', 'the classifier is disposed; create another');
    const { cropPx } = this.preset;
    const count = batch.length / this.#inputSize;
    if (!Number.isInteger(count) || count === 0) {
      const expected = `a multiple of ${this.#inputSize} numbers (${cropPx} × ${cropPx} × 3)`;
      throw new ClassifierError('BAD_BATCH', `batch: expected ${expected}, got ${batch.length}; use prepare()`);
    }
    const logits = tf.tidy(() => this.model.forward(tf.tensor4d(batch, [count, cropPx, cropPx, 3])));
    try {
      const values = (await logits.data()) as Float32Array;
      const numClasses = this.labels.length;
      return Array.from({ length: count }, (_, row) => values.slice(row * numClasses, (row + 1) * numClasses));
    } finally {
      logits.dispose();
    }
  }

  /** The likeliest classes by one picture's logits. @throws ScoresError */
  predict(logits: Float32Array, k: number = Math.min(5, this.labels.length)): Prediction[] {
    return topK(softmax(logits), k, this.labels);
  }

  /** Frees the model where the classifier built it; a model that was passed in stays its owner's. Again it does nothing. */
  dispose(): void {
    if (this.#ownsModel && !this.#isDisposed) this.model.dispose();
    this.#isDisposed = true;
  }

  get #inputSize(): number {
    return 3 * this.preset.cropPx ** 2;
  }
}

function isList(images: PixelImage | readonly PixelImage[]): images is readonly PixelImage[] {
  return Array.isArray(images);
}
