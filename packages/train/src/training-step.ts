import {
  add,
  div,
  keep,
  logSoftmax,
  mul,
  neg,
  sum,
  type Tensor,
  type Tensor4D,
  valueAndGrads,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { clipGradients } from './clip-gradients.ts';
import type { ModelBuilder, VariableSpecs } from './model.ts';
import type { Optimizer } from './optimizer.ts';
import { type GroupOptions, parameterSettings } from './parameter-groups.ts';

export interface StepOptions extends GroupOptions {
  readonly optimizer: Optimizer;
  /** Largest norm of all gradients together; left out, they are not clipped. */
  readonly clipNorm?: number;
  /** Keeps an exponential moving average of all variables with this decay (0.9999, say), under `ema/NAME`. */
  readonly emaDecay?: number;
  /** Batches whose gradients are averaged before the parameters move; default 1. */
  readonly accumulate?: number;
  /** Batch norm keeps to its running statistics. Default false. */
  readonly frozenBatchNorm?: boolean;
}

/** `accumulate` adds a batch's gradients to their sums, `update` moves the parameters. */
export type StepPhase = 'accumulate' | 'update';

export type NamedTensors = Readonly<Record<string, Tensor>>;

export interface StepInputs {
  /** Variables and what `stateShapes` lists besides, by name. */
  readonly state: NamedTensors;
  /** `[N, H, W, C]` float32. */
  readonly images: Tensor;
  /** `[N, classes]` float32, each row a distribution. */
  readonly targets: Tensor;
  /** `learningRate` and the optimiser's own, scalars. */
  readonly numbers: NamedTensors;
}

export interface StepOutputs {
  /** What of the state is new. */
  readonly state: NamedTensors;
  /** Mean cross-entropy of the batch, a scalar. */
  readonly loss: Tensor;
  /** `[N, classes]`. */
  readonly logits: Tensor;
}

/** Everything that a step reads and changes, by name, with its shape: variables, optimiser's slots, sums, averages. */
export function stateShapes(specs: VariableSpecs, options: StepOptions): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([...specs].map(([name, { shape }]) => [name, shape]));
  const { optimizer, emaDecay, accumulate = 1 } = options;
  for (const name of parameterSettings(specs, optimizer.weightDecay, options).keys()) {
    for (const slot of optimizer.slots) shapes.set(`${slot}/${name}`, specs.get(name)!.shape);
    if (accumulate > 1) shapes.set(`sum/${name}`, specs.get(name)!.shape);
  }
  if (emaDecay !== undefined) for (const [name, { shape }] of specs) shapes.set(`ema/${name}`, shape);
  return shapes;
}

/**
 * One step of training as a function of tensors: it assigns nothing, so it runs eagerly, inside a `tidy`, and traces alike.
 *
 * What it answers with is the caller's; some of it is kept alive over `tidy`.
 */
export function computeStep(
  build: ModelBuilder,
  specs: VariableSpecs,
  options: StepOptions,
  inputs: StepInputs,
  phase: StepPhase = 'update',
): StepOutputs {
  const { state, images, targets, numbers } = inputs;
  const { optimizer, accumulate = 1, clipNorm, frozenBatchNorm = false } = options;
  const settings = parameterSettings(specs, optimizer.weightDecay, options);
  const names = [...settings.keys()];
  const model = build((path) => state[path]!);
  const updates = new Map<string, Tensor>();
  let logits: Tensor | undefined;
  // The tape follows the parameters' tensors, which the model has already: the function need not take them.
  const { value: loss, grads } = valueAndGrads(() => {
    logits = keep(model.forward(images as Tensor4D, { training: true, frozenBatchNorm, updates }));
    return crossEntropy(logits, targets);
  })(names.map((name) => state[name]!));
  const next: Record<string, Tensor> = Object.fromEntries(updates);
  const sums = accumulate === 1 ? grads : names.map((name, index) => add(state[`sum/${name}`]!, grads[index]!));
  if (phase === 'accumulate') {
    for (const [index, name] of names.entries()) next[`sum/${name}`] = sums[index]!;
    return { state: next, loss, logits: logits! };
  }
  const means = accumulate === 1 ? sums : sums.map((total) => div(total, accumulate));
  const gradients = clipNorm === undefined ? means : clipGradients(means, clipNorm);
  for (const [index, name] of names.entries()) {
    const { learningRateScale, weightDecay } = settings.get(name)!;
    const rate = numbers['learningRate']!;
    const learningRate = learningRateScale === 1 ? rate : mul(rate, learningRateScale);
    const slots = optimizer.slots.map((slot) => state[`${slot}/${name}`]!);
    const moved = optimizer.update(state[name]!, gradients[index]!, slots, { learningRate, weightDecay, numbers });
    next[name] = moved.parameter;
    for (const [position, slot] of optimizer.slots.entries()) next[`${slot}/${name}`] = moved.slots[position]!;
    if (accumulate > 1) next[`sum/${name}`] = zerosLike(state[name]!);
  }
  if (options.emaDecay !== undefined) {
    for (const name of specs.keys()) {
      const kept = mul(state[`ema/${name}`]!, options.emaDecay);
      next[`ema/${name}`] = add(kept, mul(next[name] ?? state[name]!, 1 - options.emaDecay));
    }
  }
  return { state: next, loss, logits: logits! };
}

/** Mean over the batch of −Σ target · log softmax(logits). */
function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  return div(neg(sum(mul(targets, logSoftmax(logits)))), logits.shape[0]!);
}
