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
  /** For people: what was taken over from the weights, e.g. a head of another size. */
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
      const batch = images.slice(start, start + this.batchSize);
      rows.push(...(await this.forward(batch.map((image) => this.prepare(image)))));
    }
    return rows;
  }

  /** A picture as the network takes it, `[cropPx, cropPx, 3] float32`. @throws ImageError */
  prepare(image: PixelImage): Float32Array {
    return preprocess(image, this.preset);
  }

  /**
   * Logits `[numClasses] float32` for each prepared picture; all of them go through the network at once.
   *
   * @throws ClassifierError for inputs of another size, and after `dispose`.
   */
  async forward(inputs: readonly Float32Array[]): Promise<Float32Array[]> {
    if (this.#isDisposed) throw new ClassifierError('DISPOSED', 'the classifier is disposed; create another');
    if (inputs.length === 0) return [];
    const batch = this.#join(inputs);
    const { cropPx } = this.preset;
    const logits = tf.tidy(() => this.model.forward(tf.tensor4d(batch, [inputs.length, cropPx, cropPx, 3])));
    try {
      const values = (await logits.data()) as Float32Array;
      const numClasses = this.labels.length;
      return inputs.map((_, row) => values.slice(row * numClasses, (row + 1) * numClasses));
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

  #join(inputs: readonly Float32Array[]): Float32Array {
    const { cropPx } = this.preset;
    const size = 3 * cropPx ** 2;
    const batch = new Float32Array(inputs.length * size);
    inputs.forEach((input, index) => {
      if (input.length !== size) {
        const expected = `expected ${size} numbers (${cropPx} × ${cropPx} × 3), got ${input.length}`;
        throw new ClassifierError('BAD_INPUT', `input ${index}: ${expected}; make it with prepare()`);
      }
      batch.set(input, index * size);
    });
    return batch;
  }
}

function isList(images: PixelImage | readonly PixelImage[]): images is readonly PixelImage[] {
  return Array.isArray(images);
}
