import {
  type Block,
  type ForwardOptions,
  type HostTensor,
  Linear,
  type LoadReport,
  loadStateDict,
  randomVars,
  readStateDict,
  type StateDict,
  VarScope,
  type VarSource,
} from '@residual/blocks';
import * as tf from '@tensorflow/tfjs-core';
import type { ResNetSpec } from './spec.ts';
import { ImagenetStem, type Stem, type StemType } from './stem.ts';

export interface ResNetOptions {
  /** Classes of the head; `null` leaves it out, and `forward` gives the unpooled feature map. Default: the spec's. */
  readonly numClasses?: number | null;
  /** Channels of the picture; default 3. */
  readonly inChannels?: number;
  /** How many times smaller the last feature map is than the picture; the stages that would go on halving are dilated instead. */
  readonly outputStride?: 8 | 16 | 32;
  /** Each block starts as its shortcut: its last batch norm's weight at 0. Default false, as torchvision. */
  readonly zeroInitResidual?: boolean;
  /** Another stem than the spec's, e.g. `CifarStem` for small pictures. */
  readonly stem?: StemType;
  /** Where the variables come from; default `randomVars()`. */
  readonly vars?: VarSource;
}

/** A place in the network whose output has a name: `stem`, `layer1`, `layer2`, …, `pooled`, `logits`. */
export type Endpoint = 'stem' | `layer${number}` | 'pooled' | 'logits';

/**
 * A residual network over NHWC pictures, in plain tfjs operations on the current backend.
 *
 * It owns its variables, which are made on the backend that is current when it is built: `dispose` frees them.
 *
 * @see He et al. 2015, arXiv:1512.03385; torchvision `ResNet`
 */
export class ResNet {
  readonly spec: ResNetSpec;
  /** Channels of the last feature map. */
  readonly numFeatures: number;
  readonly #options: ResNetOptions;
  readonly #vars: VarScope;
  readonly #stem: Stem;
  readonly #stages: readonly (readonly Block[])[];
  readonly #fc?: Linear;

  constructor(spec: ResNetSpec, options: ResNetOptions = {}) {
    const { numClasses = spec.numClasses ?? 1000, inChannels = 3, stem = spec.stem ?? ImagenetStem } = options;
    const width = spec.width ?? 64;
    this.spec = spec;
    this.#options = options;
    this.numFeatures = width * 2 ** (spec.depths.length - 1) * spec.block.expansion;
    this.#vars = new VarScope(options.vars ?? randomVars());
    this.#stem = new stem(this.#vars, { inChannels, outChannels: width });
    this.#stages = makeStages(this.#vars, spec, { ...options, stemStride: stem.stride });
    if (numClasses !== null)
      this.#fc = new Linear(this.#vars.scope('fc'), { inFeatures: this.numFeatures, outFeatures: numClasses });
  }

  /** The same network over other variables, such as a tracer's parameters. */
  withVars(vars: VarSource): ResNet {
    return new ResNet(this.spec, { ...this.#options, vars });
  }

  /** The model's variables by torchvision's names; those that train are `trainable`. */
  get variables(): ReadonlyMap<string, tf.Tensor> {
    return new Map([...this.#vars.entries].map(([name, { tensor }]) => [name, tensor]));
  }

  /** In the order in which they are computed. */
  get endpoints(): Endpoint[] {
    const layers = this.#stages.map((_, index): Endpoint => `layer${index + 1}`);
    return ['stem', ...layers, 'pooled', ...(this.#fc ? (['logits'] as const) : [])];
  }

  /**
   * `[N, H, W, inChannels]` float32 → logits `[N, numClasses]`, or the feature map `[N, h, w, numFeatures]` of a model
   * without a head. The caller disposes it.
   */
  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor2D | tf.Tensor4D {
    return tf.tidy(() => {
      const features = this.forwardFeatures(x, options);
      return this.#fc ? this.forwardHead(features) : features;
    });
  }

  /** The feature map of the last stage, `[N, h, w, numFeatures]`; the caller disposes it. */
  forwardFeatures(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    return tf.tidy(() => {
      const stem = this.#stem.forward(x, options);
      return this.#stages.flat().reduce((y, block) => block.forward(y, options), stem);
    });
  }

  /** Pools a feature map to `[N, numFeatures]`, and classifies it unless `preLogits` or the model has no head. */
  forwardHead(features: tf.Tensor4D, { preLogits = false }: { preLogits?: boolean } = {}): tf.Tensor2D {
    return tf.tidy(() => {
      const pooled = tf.mean<tf.Tensor2D>(features, [1, 2]);
      return preLogits || !this.#fc ? pooled : this.#fc.forward(pooled);
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
      for (const [name, value] of this.#walk(x, options)) {
        if (wanted.delete(name)) found[name] = value;
        if (wanted.size === 0) break;
      }
      return found as Record<Name, tf.Tensor>;
    });
  }

  /**
   * Goes on from the output of a named endpoint to the logits, or to the pooled features of a model without a head; the
   * caller disposes them. What depends on a stage alone, e.g. the gradient of a class with respect to it, is had so.
   *
   * @throws RangeError for a name that the model does not have.
   */
  forwardFrom(endpoint: Endpoint, value: tf.Tensor, options?: ForwardOptions): tf.Tensor2D {
    const at = this.#index(endpoint);
    return tf.tidy(() => {
      const last = [...this.#walkFrom(at, value, options)].at(-1);
      return last ? (last[1] as tf.Tensor2D) : tf.clone(value as tf.Tensor2D);
    });
  }

  #index(endpoint: Endpoint): number {
    const at = this.endpoints.indexOf(endpoint);
    if (at >= 0) return at;
    throw new RangeError(`${this.spec.name} has no endpoint '${endpoint}'; it has ${this.endpoints.join(', ')}`);
  }

  *#walk(x: tf.Tensor4D, options?: ForwardOptions): Generator<[Endpoint, tf.Tensor]> {
    const stem = this.#stem.forward(x, options);
    yield ['stem', stem];
    yield* this.#walkFrom(0, stem, options);
  }

  /** Endpoints after the one at index `at`, whose output is `value`. */
  *#walkFrom(at: number, value: tf.Tensor, options?: ForwardOptions): Generator<[Endpoint, tf.Tensor]> {
    let y = value;
    for (const [index, stage] of this.#stages.entries()) {
      if (index < at) continue;
      y = stage.reduce((input, block) => block.forward(input, options), y as tf.Tensor4D);
      yield [`layer${index + 1}`, y];
    }
    const pooledAt = this.#stages.length + 1;
    if (at < pooledAt) {
      y = tf.mean(y, [1, 2]);
      yield ['pooled', y];
    }
    if (this.#fc && at <= pooledAt) yield ['logits', this.#fc.forward(y as tf.Tensor2D)];
  }

  /** The values of all variables, in PyTorch's names and layout, running statistics too. */
  stateDict(): Promise<Map<string, HostTensor>> {
    return readStateDict(this.#vars.entries);
  }

  /** @throws StateDictError where `strict` (the default) and not everything fits; then nothing is changed. */
  loadStateDict(dict: StateDict, options?: { strict?: boolean }): LoadReport {
    return loadStateDict(this.#vars, dict, options);
  }

  /** Frees the variables. The model can't be used afterwards. */
  dispose(): void {
    for (const { tensor } of this.#vars.entries.values()) if (tensor instanceof tf.Variable) tensor.dispose();
  }
}

/** @see torchvision `ResNet._make_layer` */
function makeStages(vars: VarScope, spec: ResNetSpec, options: ResNetOptions & { stemStride: number }): Block[][] {
  const { width = 64, groups = 1, widthPerGroup = 64, shortcut } = spec;
  const { outputStride = Number.POSITIVE_INFINITY, zeroInitResidual: zeroInit = false } = options;
  const shared = { groups, widthPerGroup, zeroInit, ...(shortcut && { shortcut }) };
  let reached = options.stemStride;
  let inChannels = width;
  let dilation = 1;
  return spec.depths.map((depth, index) => {
    const layer = vars.scope(`layer${index + 1}`);
    const planes = width * 2 ** index;
    const firstDilation = dilation;
    let stride = index === 0 ? 1 : 2;
    if (stride > 1 && reached >= outputStride) {
      dilation *= stride;
      stride = 1;
    }
    reached *= stride;
    return Array.from({ length: depth }, (_, i) => {
      const first = i === 0 ? { stride, firstDilation } : {};
      const block = new spec.block(layer.scope(`${i}`), { ...shared, inChannels, planes, dilation, ...first });
      inChannels = planes * spec.block.expansion;
      return block;
    });
  });
}
