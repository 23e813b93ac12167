import type { LoadReport } from '@residual/blocks';
import type { RunOptions } from '@residual/compile';
import type { Endpoint, ResNet, ResNetSpec } from '@residual/resnet';
import { type PixelImage, type Prediction, type Preset, softmax, topK } from '@residual/vision';
import type { LoadedWeights } from '@residual/weights/hub';
import pMap from 'p-map';
import { type BatchRunOptions, checkBatchSize } from './batch-run-options.ts';
import { ClassifierError } from './classifier-error.ts';
import type { ExplainOptions, Explanation } from './explain/explanation.ts';
import type { ClassifierEngine, Features, Network } from './network.ts';
import { isVideo } from './picture-executable.ts';
import { type PictureOptions, pictureOptionsOf } from './picture-options.ts';
import { prepareImage } from './prepare-image.ts';
import { type ImageInput, type ReadImageOptions, readImage } from './read-image.ts';

/** Pixels that are in memory at once, as pictures prepared and, by tfjs, on their way through a network: 8 of 224 × 224. */
export const BATCH_PIXELS: number = 8 * 224 * 224;
/** Decoded pictures can be a hundred times the size of prepared ones: a call has so many in memory at a time. */
const DECODING = 4;

export interface ClassifyOptions extends ReadImageOptions {
  /** Classes per picture, the likeliest first; default 5, or all where there are fewer. */
  readonly topK?: number;
}

export interface FeaturesOptions<Name extends Endpoint> extends ReadImageOptions {
  /**
   * Endpoints of the network: `act1` if its stem pools, `stem`, `layer1`, …, `pooled`, `logits`; default: every stage's, `layer1`,
   * `layer2`, ….
   */
  readonly layers?: readonly Name[];
}

/** Where weights came from. */
export type ClassifierWeights = Pick<LoadedWeights, 'source' | 'published' | 'licence' | 'sha256'>;

/** What a classifier is made of; `createClassifier` puts it together. */
export interface ClassifierParts<Label extends string> {
  /** The network; its variables may have shapes alone. */
  readonly blueprint: ResNet;
  readonly network: Network;
  readonly preset: Preset;
  readonly labels: readonly Label[];
  readonly batchSize: number;
  readonly weights: ClassifierWeights | undefined;
  readonly loadReport: LoadReport | undefined;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly pictureOptions: PictureOptions;
}

/**
 * A network with its preprocessing and the names of its classes, on an engine or the tfjs backend that it was made on.
 *
 * Pictures are of any kind of {@link ImageInput}. However many are given, no more than a batch of them are in memory, and
 * no more than four at their full size: an engine that prepares pictures itself gets a larger batch prepared.
 */
export class Classifier<Label extends string = string> {
  readonly spec: ResNetSpec;
  readonly preset: Preset;
  /** Names of the classes, by index; none where the network has no head. */
  readonly labels: readonly Label[];
  /** Channels of the pictures that the network takes: 3 are RGB, 1 is grey; others go in by `forward`. */
  readonly inChannels: number;
  /** The weights of `fromPretrained`: `{ source, published, licence, sha256 }`; else `undefined`. */
  readonly weights: ClassifierWeights | undefined;
  /** How the weights fitted; `undefined` for a model that was passed in. */
  readonly loadReport: LoadReport | undefined;
  /** For people: what was taken over from the weights, e.g. a head of another size. */
  readonly notes: readonly string[];
  /** For people: what makes the answers doubtful, e.g. weights that are not numbers. */
  readonly warnings: readonly string[];
  /** Pictures that go through the network at once; fewer where an engine finds that so many do not fit in memory. */
  readonly batchSize: number;
  /** Numbers in an embedding: pooled features of the last stage. */
  readonly numFeatures: number;
  /** Places in the network whose outputs have names, in order: `act1` if its stem pools, `stem`, `layer1`, …, `pooled`, `logits`. */
  readonly endpoints: readonly Endpoint[];
  readonly #network: Network;
  readonly #pictureOptions: PictureOptions;
  #isDisposed = false;

  constructor(parts: ClassifierParts<Label>) {
    const { blueprint } = parts;
    this.spec = blueprint.spec;
    this.preset = parts.preset;
    this.labels = parts.labels;
    this.inChannels = blueprint.inChannels;
    this.numFeatures = blueprint.numPooled;
    this.endpoints = blueprint.endpoints;
    this.weights = parts.weights;
    this.loadReport = parts.loadReport;
    this.notes = parts.notes;
    this.warnings = parts.warnings;
    this.batchSize = parts.batchSize;
    this.#network = parts.network;
    this.#pictureOptions = parts.pictureOptions;
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
   * @throws DecodeError for a file that is no picture, ImageError for an image without a pixel.
   * @throws ScoresError where the logits are not numbers (see `warnings`), or `topK` is not from 1 to the number of classes.
   * @throws ClassifierError for a network without a head.
   */
  classify(image: ImageInput, options?: ClassifyOptions): Promise<Prediction<Label>[]>;
  classify(images: readonly ImageInput[], options?: ClassifyOptions): Promise<Prediction<Label>[][]>;
  async classify(
    images: ImageInput | readonly ImageInput[],
    options: ClassifyOptions = {},
  ): Promise<Prediction<Label>[] | Prediction<Label>[][]> {
    const rows = await this.#runAll(toList(images), ['logits'], options);
    const predictions = rows.map(({ logits }) => this.predict(logits.data, options.topK));
    return isList(images) ? predictions : predictions[0]!;
  }

  /** The network's outputs before the softmax, `[numClasses] float32` for each picture. @throws as `classify` */
  async logits(images: readonly ImageInput[], options: ReadImageOptions = {}): Promise<Float32Array[]> {
    const rows = await this.#runAll(images, ['logits'], options);
    return rows.map(({ logits }) => logits.data);
  }

  /**
   * A picture's embedding: the pooled features of the last stage, `[numFeatures] float32` (2,048 for a resnet50); pictures
   * alike have embeddings of a high cosine. @throws as `classify`
   */
  embed(image: ImageInput, options?: ReadImageOptions): Promise<Float32Array>;
  embed(images: readonly ImageInput[], options?: ReadImageOptions): Promise<Float32Array[]>;
  async embed(
    images: ImageInput | readonly ImageInput[],
    options: ReadImageOptions = {},
  ): Promise<Float32Array | Float32Array[]> {
    const rows = await this.#runAll(toList(images), ['pooled'], options);
    const embeddings = rows.map(({ pooled }) => pooled.data);
    return isList(images) ? embeddings : embeddings[0]!;
  }

  /**
   * A picture's feature maps at named endpoints, `{ shape: [height, width, channels], data }` each. An engine compiles
   * the network anew for every set of endpoints, with weights of their own, until `dispose`.
   *
   * @throws ClassifierError for an endpoint that the network does not have; else as `classify`.
   */
  features<Name extends Endpoint = `layer${number}`>(
    image: ImageInput,
    options?: FeaturesOptions<Name>,
  ): Promise<Features<Name>>;
  features<Name extends Endpoint = `layer${number}`>(
    images: readonly ImageInput[],
    options?: FeaturesOptions<Name>,
  ): Promise<Features<Name>[]>;
  async features<Name extends Endpoint>(
    images: ImageInput | readonly ImageInput[],
    options: FeaturesOptions<Name> = {},
  ): Promise<Features<Name> | Features<Name>[]> {
    const layers = options.layers ?? (this.#stages() as Name[]);
    const rows = await this.#runAll(toList(images), layers, options);
    return isList(images) ? rows : rows[0]!;
  }

  /**
   * Where in a picture the network sees a class, by Grad-CAM, Grad-CAM++ or occlusion. At the last stage, the default,
   * and by occlusion it needs nothing more; at earlier ones a tfjs backend, and tfjs's gradients.
   *
   * @throws ClassifierError for a class or layer that there is not, or where gradients are needed and missing.
   */
  async explain(image: ImageInput, options: ExplainOptions<Label> = {}): Promise<Explanation<Label>> {
    this.#checkLive();
    const { explain } = await import('./explain/explain.ts');
    return explain(this, this.#network, await this.#read(image, options), options);
  }

  /**
   * A picture as the network takes it, `[cropPx, cropPx, 3] float32`, or `[cropPx, cropPx, 1]` for one of grey pictures: then
   * made grey as PIL does, and normalised by the first mean and deviation.
   *
   * @throws ImageError
   * @throws ClassifierError for a network of other pictures.
   */
  prepare(image: PixelImage): Float32Array {
    return prepareImage(image, this.preset, this.inChannels);
  }

  /**
   * Logits `[numClasses] float32` for each prepared picture, in batches of `batchSize`, the classifier's or the options'; an engine
   * takes what is left over one by one, or in `halves`.
   *
   * @throws ClassifierError for inputs of another size, for a `batchSize` that is no whole number from 1, and after `dispose`.
   * @throws EngineError where an engine fails.
   */
  async forward(inputs: readonly Float32Array[], options: BatchRunOptions = {}): Promise<Float32Array[]> {
    const rows = await this.forwardIntermediates(inputs, ['logits'], options);
    return rows.map(({ logits }) => logits.data);
  }

  /**
   * Outputs of named endpoints for each prepared picture.
   *
   * @throws ClassifierError as `forward`, and for endpoints that there are not.
   * @throws EngineError as `forward`.
   */
  async forwardIntermediates<Name extends Endpoint>(
    inputs: readonly Float32Array[],
    endpoints: readonly Name[],
    options: BatchRunOptions = {},
  ): Promise<Features<Name>[]> {
    this.#checkLive();
    this.#checkSizes(inputs);
    checkBatchSize(options.batchSize);
    this.#checkEndpoints(endpoints);
    options.signal?.throwIfAborted();
    return inputs.length === 0 ? [] : this.#network.run(inputs, endpoints, options);
  }

  /** The likeliest classes by one picture's logits. @throws ScoresError */
  predict(logits: Float32Array, k: number = Math.min(5, this.labels.length)): Prediction<Label>[] {
    return topK(softmax(logits), k, this.labels);
  }

  /** Runs once on nothing, so that shaders are compiled and memory is there before the first picture comes. */
  async warmUp(options: RunOptions = {}): Promise<void> {
    const nothing = new Float32Array(this.inChannels * this.preset.cropPx ** 2);
    // An executable is for a batch of its size; tfjs's kernels are for any.
    const inputs = new Array(this.engine ? this.batchSize : 1).fill(nothing);
    await this.forwardIntermediates(inputs, ['pooled'], options);
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

  async #runAll<Name extends Endpoint>(
    images: readonly ImageInput[],
    endpoints: readonly Name[],
    options: ReadImageOptions,
  ): Promise<Features<Name>[]> {
    this.#checkLive();
    this.#checkEndpoints(endpoints);
    const preparesPictures = this.engine?.preparesPictures === true;
    const chunkSize = Math.max(
      this.batchSize,
      preparesPictures ? DECODING : Math.floor(BATCH_PIXELS / this.preset.cropPx ** 2),
    );
    const rows: Features<Name>[] = [];
    for (let start = 0; start < images.length; start += chunkSize) {
      const chunk = images.slice(start, start + chunkSize);
      if (!preparesPictures || chunk.filter((image) => !isVideo(image)).length > DECODING) {
        const inputs = await pMap(chunk, async (image) => this.prepare(await this.#read(image, options)), {
          concurrency: DECODING,
        });
        rows.push(...(await this.forwardIntermediates(inputs, endpoints, options)));
      } else {
        const pictures = await pMap(chunk, async (image) => (isVideo(image) ? image : this.#read(image, options)), {
          concurrency: DECODING,
        });
        this.#checkLive();
        options.signal?.throwIfAborted();
        rows.push(...(await this.#network.run(pictures, endpoints, options)));
      }
    }
    return rows;
  }

  #read(image: ImageInput, { signal, ...options }: ReadImageOptions): Promise<PixelImage> {
    const own = { ...this.#pictureOptions, ...pictureOptionsOf(options) };
    return readImage(image, signal ? { ...own, signal } : own);
  }

  #stages(): `layer${number}`[] {
    return this.endpoints.filter((name): name is `layer${number}` => name.startsWith('layer'));
  }

  #checkLive(): void {
    if (this.#isDisposed) throw new ClassifierError('DISPOSED', 'the classifier is disposed; create another');
  }

  #checkSizes(inputs: readonly Float32Array[]): void {
    const { cropPx } = this.preset;
    const size = this.inChannels * cropPx ** 2;
    for (const [index, { length }] of inputs.entries()) {
      if (length === size) continue;
      const expected = `expected ${size} numbers (${cropPx} × ${cropPx} × ${this.inChannels}), got ${length}`;
      throw new ClassifierError('BAD_INPUT', `input ${index}: ${expected}; make it with prepare()`);
    }
  }

  #checkEndpoints(endpoints: readonly string[]): void {
    const known: readonly string[] = this.endpoints;
    const unknown = endpoints.find((name) => !known.includes(name));
    if (unknown === undefined && endpoints.length > 0) return;
    if (unknown === 'logits') {
      const expected = `${this.spec.name}: expected a head, which gives classes, got weights without one`;
      throw new ClassifierError('NO_HEAD', `${expected}; embed, or train a head by fine-tuning`);
    }
    const got = unknown === undefined ? 'none' : `'${unknown}'`;
    throw new ClassifierError('BAD_OPTION', `layers: expected some of ${known.join(', ')}, got ${got}`);
  }
}

function toList(images: ImageInput | readonly ImageInput[]): readonly ImageInput[] {
  return isList(images) ? images : [images];
}

function isList(images: ImageInput | readonly ImageInput[]): images is readonly ImageInput[] {
  return Array.isArray(images);
}
