import {
  type Block,
  batchNorm,
  conv2d,
  type ForwardOptions,
  type HostTensor,
  type Layers,
  type LoadReport,
  loadStateDict,
  type Norm,
  randomVars,
  relu,
  type StateDict,
  stateDictOf,
  VarScope,
  type VarSource,
  type VarSpec,
} from '@residual/blocks';
import * as tf from '@tensorflow/tfjs-core';
import { strideAtFirstBlock } from './block-stride.ts';
import type { Endpoint, FeatureInfo } from './endpoint.ts';
import { type Head, linearHead } from './head.ts';
import { torchvisionNames } from './model-names.ts';
import { averagePool, type Pool } from './pool.ts';
import type { ResNetSpec } from './spec.ts';
import { imagenetStem, type Stem } from './stem.ts';

/** Parts of the spec that a caller may have otherwise, and what is no part of it. */
export interface ResNetOptions
  extends Pick<
    ResNetSpec,
    | 'stem'
    | 'strideIn'
    | 'outputStride'
    | 'convBias'
    | 'epsilon'
    | 'activation'
    | 'pool'
    | 'head'
    | 'numClasses'
    | 'inChannels'
  > {
  /** Each block starts as its shortcut: the weight of its last norm, or convolution if it normalises first, at 0. Default false, as torchvision. */
  readonly zeroInitResidual?: boolean;
  /** Where the variables come from; default `randomVars()`. */
  readonly vars?: VarSource;
}

/**
 * A residual network over NHWC pictures, in plain tfjs operations on the current backend.
 *
 * It owns its variables, which are made on the backend that is current when it is built: `dispose` frees them.
 *
 * @see He et al. 2015, arXiv:1512.03385; torchvision `ResNet`
 */
export class ResNet {
  /** Edge of the pictures that it is made for; it takes others too. */
  readonly sizePx: number;
  /** Channels of the pictures. */
  readonly inChannels: number;
  /** Channels of the last feature map. */
  readonly numFeatures: number;
  #spec: ResNetSpec;
  readonly #zeroInitResidual: boolean;
  readonly #vars: VarScope;
  readonly #layers: Layers;
  readonly #stem: Stem;
  readonly #stages: readonly Stage[];
  readonly #finalNorm: Norm | undefined;
  readonly #pool: Pool;
  #head: Head | undefined;

  constructor(spec: ResNetSpec, { vars = randomVars(), zeroInitResidual = false, ...options }: ResNetOptions = {}) {
    this.#spec = { ...spec, ...options };
    const { stem = imagenetStem, pool = averagePool, names = torchvisionNames } = this.spec;
    const { width = 64, inChannels = 3, finalNorm = false } = this.spec;
    this.sizePx = stem.sizePx;
    this.inChannels = inChannels;
    this.numFeatures = stageChannels(this.spec, spec.depths.length - 1);
    this.#zeroInitResidual = zeroInitResidual;
    this.#vars = new VarScope(vars);
    this.#layers = makeLayers(this.spec);
    this.#stem = stem.make(this.#vars, { inChannels, outChannels: width, layers: this.#layers });
    this.#stages = makeStages(this.#vars, this.spec, this.#layers, stem.stride, zeroInitResidual);
    if (finalNorm) this.#finalNorm = this.#layers.norm(this.#vars.scope(names.norm), this.numFeatures);
    this.#pool = pool(this.#vars, { channels: this.numFeatures, layers: this.#layers });
    this.#head = this.#makeHead(this.#vars, this.numClasses);
  }

  /** What was built: the spec that was given, with what the options had otherwise. */
  get spec(): ResNetSpec {
    return this.#spec;
  }

  /** Classes of the head; `null` without one. */
  get numClasses(): number | null {
    const { numClasses = 1000 } = this.spec;
    return numClasses;
  }

  #makeHead(vars: VarScope, numClasses: number | null): Head | undefined {
    const { numPooled: inFeatures } = this;
    const { head = linearHead } = this.spec;
    return numClasses === null ? undefined : head(vars.scope(this.headPath), { inFeatures, numClasses });
  }

  /**
   * Takes the head away, frees its variables and makes a new one of the same kind for `numClasses` classes, or none for `null`. The
   * new head has learned nothing yet. Its variables come from `vars`, default `randomVars()`; the others stay as they are. An
   * optimiser or engine that has the old variables knows nothing of the new ones: ask for `variables` again.
   *
   * @throws RangeError for a number that is not a whole number from 1; what `vars` throws. The model is then as it was.
   * @see timm `ResNet.reset_classifier`
   */
  resetClassifier(numClasses: number | null, { vars = randomVars() }: { vars?: VarSource } = {}): void {
    if (numClasses !== null && !(Number.isInteger(numClasses) && numClasses >= 1))
      throw new RangeError(
        `${this.spec.name}: expected a whole number of classes from 1, got ${numClasses}; null leaves the head out`,
      );
    // In a tree of its own first: where `vars` has no such variable, the model stays as it was.
    const made = new VarScope(vars);
    let head: Head | undefined;
    try {
      head = this.#makeHead(made, numClasses);
    } catch (error) {
      for (const { tensor } of made.entries.values()) disposeVariable(tensor);
      throw error;
    }
    for (const { tensor } of this.#vars.scope(this.headPath).forget()) disposeVariable(tensor);
    this.#vars.adopt(made);
    this.#spec = { ...this.spec, numClasses };
    this.#head = head;
  }

  /** The same network over other variables, such as a tracer's parameters. */
  withVars(vars: VarSource): ResNet {
    return new ResNet(this.spec, { vars, zeroInitResidual: this.#zeroInitResidual });
  }

  /** The model's variables by the names of its state dict; those that train are `trainable`. */
  get variables(): ReadonlyMap<string, tf.Tensor> {
    return new Map([...this.#vars.entries].map(([name, { tensor }]) => [name, tensor]));
  }

  /** Shapes, layouts and initialisers of the variables, by the same names. */
  get variableSpecs(): ReadonlyMap<string, VarSpec> {
    return this.#vars.specs;
  }

  /** Numbers in the pooled features. */
  get numPooled(): number {
    return this.#pool.outFeatures;
  }

  /** The variable of the convolution that reads the picture: `conv1.weight`. */
  get inputWeight(): string {
    return `${this.#stem.input.path}.weight`;
  }

  /** What the names of the head's variables begin with: `fc`. */
  get headPath(): string {
    return (this.spec.names ?? torchvisionNames).head;
  }

  /** Whether the pooled features are the means of the last stage's channels. */
  get isMeanPooled(): boolean {
    return this.#finalNorm === undefined && this.#pool.isMean;
  }

  /**
   * The variable whose numbers, `[numFeatures, numClasses]`, are the gradient of each logit with respect to the mean of each
   * channel of the last stage: `fc.weight`. `undefined` where more than a mean and a matrix lies between.
   */
  get classWeights(): string | undefined {
    return this.isMeanPooled ? this.#head?.matrix : undefined;
  }

  /** In the order in which they are computed. */
  get endpoints(): Endpoint[] {
    const layers = this.#stages.map((_, index): Endpoint => `layer${index + 1}`);
    return [
      ...(this.#stem.pool ? (['act1'] as const) : []),
      'stem',
      ...layers,
      'pooled',
      ...(this.#head ? (['logits'] as const) : []),
    ];
  }

  /**
   * The feature maps that detectors and segmenters build on, the largest first: the stem's before it is pooled, and each stage's.
   * `forwardIntermediates` takes their `module`s.
   *
   * @see timm `feature_info`; where timm has other paths for its modules (`stages.0` of `resnetv2_…`), these are endpoints (`layer1`)
   */
  get featureInfo(): readonly FeatureInfo[] {
    const { width = 64, stem = imagenetStem } = this.spec;
    const stages = this.#stages.map(
      ({ reduction }, stage): FeatureInfo => ({
        module: `layer${stage + 1}`,
        numChs: stageChannels(this.spec, stage),
        reduction,
      }),
    );
    const first: FeatureInfo = this.#stem.pool
      ? { module: 'act1', numChs: width, reduction: stem.stride / 2 }
      : { module: 'stem', numChs: width, reduction: stem.stride };
    return [first, ...stages];
  }

  /**
   * `[N, H, W, inChannels]` float32 → logits `[N, numClasses]`, or the feature map `[N, h, w, numFeatures]` of a model
   * without a head. The caller disposes it.
   */
  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor2D | tf.Tensor4D {
    return tf.tidy(() => {
      const features = this.forwardFeatures(x, options);
      return this.#head ? this.forwardHead(features, options) : features;
    });
  }

  /** The feature map that is pooled, `[N, h, w, numFeatures]`; the caller disposes it. */
  forwardFeatures(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return tf.tidy(() => {
      const stem = this.#poolStem(this.#stem.convolve(x, options), options);
      const blocks = this.#stages.flatMap((stage) => stage.blocks);
      return this.#normalise(
        blocks.reduce((y, block) => block.forward(y, options), stem),
        options,
      );
    });
  }

  /** Pools a feature map to `[N, features]`, and classifies it unless `preLogits` or the model has no head. */
  forwardHead(
    features: tf.Tensor4D,
    { preLogits = false, ...options }: ForwardOptions & { preLogits?: boolean } = {},
  ): tf.Tensor2D {
    return tf.tidy(() => {
      const pooled = this.#pool.forward(features);
      return preLogits || !this.#head ? pooled : this.#head.forward(pooled, options);
    });
  }

  /**
   * The outputs of the named endpoints, computing no more than they need; the caller disposes each.
   *
   * @throws RangeError for a name that the model does not have.
   */
  forwardIntermediates<Name extends Endpoint>(
    x: tf.Tensor4D,
    names: readonly Name[],
    options?: ForwardOptions,
  ): Record<Name, tf.Tensor> {
    for (const name of names) this.#index(name);
    const wanted = new Set<Endpoint>(names);
    return tf.tidy(() => {
      const found: Partial<Record<Endpoint, tf.Tensor>> = {};
      for (const [name, value] of this.#walk(-1, x, options)) {
        if (wanted.delete(name)) found[name] = value;
        if (wanted.size === 0) break;
      }
      return found as Record<Name, tf.Tensor>;
    });
  }

  /**
   * Goes on from the output of a named endpoint to the logits, or to the pooled features of a model without a head or where
   * `until` says so; the caller disposes them. What depends on a stage alone, e.g. the gradient of a class with respect to it, is had so.
   *
   * @throws RangeError for a name that the model does not have.
   */
  forwardFrom(
    endpoint: Endpoint,
    value: tf.Tensor,
    { until = this.#head ? 'logits' : 'pooled', ...options }: ForwardOptions & { until?: 'pooled' | 'logits' } = {},
  ): tf.Tensor2D {
    const at = this.#index(endpoint);
    this.#index(until);
    return tf.tidy(() => {
      let last = value;
      for (const [name, output] of this.#walk(at, value, options)) {
        last = output;
        if (name === until) break;
      }
      return last === value ? tf.clone(value as tf.Tensor2D) : (last as tf.Tensor2D);
    });
  }

  #index(endpoint: Endpoint): number {
    const at = this.endpoints.indexOf(endpoint);
    if (at >= 0) return at;
    throw new RangeError(`${this.spec.name} has no endpoint '${endpoint}'; it has ${this.endpoints.join(', ')}`);
  }

  /** Endpoints after the one at index `at`, whose output is `value`; all where `at` is -1 and `value` the pictures. */
  *#walk(at: number, value: tf.Tensor, options?: ForwardOptions): Generator<[Endpoint, tf.Tensor]> {
    let y = value;
    if (at < 0) {
      y = this.#stem.convolve(y as tf.Tensor4D, options);
      if (this.#stem.pool) yield ['act1', y];
    }
    const stemAt = this.endpoints.indexOf('stem');
    if (at < stemAt) {
      y = this.#poolStem(y as tf.Tensor4D, options);
      yield ['stem', y];
    }
    for (const [index, { blocks }] of this.#stages.entries()) {
      if (index < at - stemAt) continue;
      y = blocks.reduce((input, block) => block.forward(input, options), y as tf.Tensor4D);
      yield [`layer${index + 1}`, y];
    }
    const pooledAt = stemAt + this.#stages.length + 1;
    if (at < pooledAt) {
      y = this.#pool.forward(this.#normalise(y as tf.Tensor4D, options));
      yield ['pooled', y];
    }
    if (this.#head && at <= pooledAt) yield ['logits', this.#head.forward(y as tf.Tensor2D, options)];
  }

  #poolStem(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return this.#stem.pool?.(x, options) ?? x;
  }

  #normalise(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return this.#finalNorm ? this.#layers.activation.apply(this.#finalNorm.forward(x, options)) : x;
  }

  /** The values of all variables, in PyTorch's names and layout, running statistics too. */
  stateDict(): Promise<Map<string, HostTensor>> {
    return stateDictOf(this.#vars.entries);
  }

  /** @throws StateDictError where `strict` (the default) and not everything fits; then nothing is changed. */
  loadStateDict(dict: StateDict, options?: { strict?: boolean }): LoadReport {
    return loadStateDict(this.#vars, dict, options);
  }

  /** Frees the variables. The model can't be used afterwards. */
  dispose(): void {
    for (const { tensor } of this.#vars.entries.values()) disposeVariable(tensor);
  }
}

/** The blocks between two halvings. */
interface Stage {
  readonly blocks: readonly Block[];
  /** How many times smaller its output is than the picture. */
  readonly reduction: number;
}

function disposeVariable(tensor: tf.Tensor): void {
  if (tensor instanceof tf.Variable) tensor.dispose();
}

/** The layers of the network, each made as the spec says. */
function makeLayers({
  conv = conv2d,
  convBias,
  norm = batchNorm,
  epsilon = 1e-5,
  activation = relu,
}: ResNetSpec): Layers {
  const hasBias = (path: string): boolean => convBias === 'all' || (convBias?.has(path) ?? false);
  return {
    conv: (vars, options) => conv(vars, { bias: hasBias(vars.path), ...options }),
    norm: (vars, channels, options) => norm(vars, channels, { epsilon, ...options }),
    activation,
  };
}

/** Channels of each stage before the block's expansion. */
function stagePlanes({ width = 64, depths, planes }: ResNetSpec): readonly number[] {
  return planes ?? depths.map((_, stage) => width * 2 ** stage);
}

/** Channels that a block puts out. */
function outChannels(spec: ResNetSpec, stage: number, index: number): number {
  const { expansion } = spec.blocks?.[stage] ?? spec.block;
  return spec.channels?.[stage]?.[index]?.at(-1) ?? stagePlanes(spec)[stage]! * expansion;
}

/** Channels of a stage's output. */
function stageChannels(spec: ResNetSpec, stage: number): number {
  return outChannels(spec, stage, spec.depths[stage]! - 1);
}

/** @see torchvision `ResNet._make_layer` */
function makeStages(vars: VarScope, spec: ResNetSpec, layers: Layers, stemStride: number, zeroInit: boolean): Stage[] {
  const { width = 64, groups = 1, widthPerGroup = 64, names = torchvisionNames } = spec;
  const { strideIn = '3x3', shortcut, outputStride = Number.POSITIVE_INFINITY } = spec;
  const { blockStride = strideAtFirstBlock } = spec;
  const shared = { groups, widthPerGroup, strideIn, zeroInit, layers, ...(shortcut && { shortcut }) };
  let reached = stemStride;
  let inChannels = width;
  let dilation = 1;
  return spec.depths.map((depth, stage) => {
    const block = spec.blocks?.[stage] ?? spec.block;
    const planes = stagePlanes(spec)[stage]!;
    const blocks = Array.from({ length: depth }, (_, index) => {
      const firstDilation = dilation;
      let stride = blockStride(stage, index, spec.depths);
      if (stride > 1 && reached >= outputStride) {
        dilation *= stride;
        stride = 1;
      }
      reached *= stride;
      const scope = vars.scope(names.block(stage, index));
      const channels = spec.channels?.[stage]?.[index];
      const made = block.make(scope, {
        ...shared,
        inChannels,
        planes,
        stride,
        dilation,
        firstDilation,
        ...(channels && { channels }),
      });
      inChannels = outChannels(spec, stage, index);
      return made;
    });
    return { blocks, reduction: reached };
  });
}
