import type { HostTensor } from '@residual/blocks';
import { toTorch } from '@residual/blocks';
import { getGradient } from '@tensorflow/tfjs-core';
import { checkNumber } from './check-number.ts';
import { checkEvaluationBatch, checkOptions } from './check-options.ts';
import type { Checkpoint, EpochRecord, TrainingProgress } from './checkpoint.ts';
import { testNumbers } from './checkpoint.ts';
import { compiledRunner } from './compiled-runner.ts';
import { eagerRunner } from './eager-runner.ts';
import { initialState } from './initial-state.ts';
import { argMax, type Evaluation, EvaluationCounter } from './metrics.ts';
import { type HostValues, initialVariables, type VariableSpecs } from './model.ts';
import { prefetch } from './prefetch.ts';
import type { Batch, StepRunner } from './step-runner.ts';
import { TrainError } from './train-error.ts';
import type { TrainOptions } from './training-options.ts';
import { stateShapes } from './training-step.ts';

export interface TrainResult {
  /** Whether it ended before its last epoch because of the signal. */
  readonly stopped: boolean;
  readonly progress: TrainingProgress;
  /** The last evaluation, if there was any. */
  readonly evaluation?: Evaluation;
  /** The variables by torchvision's names, in PyTorch's layout; their moving averages where they are kept. */
  readonly stateDict: Map<string, HostTensor>;
}

/**
 * Trains a model from its first step, or from the newest checkpoint, to its last epoch.
 *
 * With the same options a training that was stopped, or killed, at any moment ends with the numbers of one that was not.
 *
 * @throws TrainError, with the newest checkpoint as it was; what the data or the engine throws is passed on.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  if (getGradient('Relu') === undefined)
    throw new TrainError('NO_GRADIENTS', 'tfjs', "expected its gradients, got none; import '@tensorflow/tfjs' first");
  const { specs, values } = await initialVariables(options.model, options.initial);
  const checkpoint = await options.checkpoints?.latest();
  if (checkpoint !== undefined) checkFits(checkpoint, specs, options);
  const state = checkpoint?.state ?? initialState(specs, options, values);
  const [images, numClasses] = [options.data.batchShape, options.data.numClasses];
  const shapes = { images, numClasses };
  const runner =
    options.engine === undefined
      ? eagerRunner(options.model, specs, options, shapes, state)
      : await compiledRunner(options.model, specs, options, shapes, state, options.engine);
  try {
    const training = new Training(options, runner, checkpoint?.progress);
    const stopped = await training.run();
    const stateDict = toStateDict(specs, await runner.readState(), options.emaDecay !== undefined);
    const { progress, evaluation } = training;
    return { stopped, progress, stateDict, ...(evaluation === undefined ? {} : { evaluation }) };
  } finally {
    await runner.dispose();
  }
}

const NOTHING = { loss: 0, correct: 0, pictures: 0, seconds: 0 };

class Training {
  evaluation: Evaluation | undefined;
  progress: TrainingProgress;
  readonly #options: TrainOptions;
  readonly #runner: StepRunner;
  readonly #stepsPerEpoch: number;
  readonly #batchesPerStep: number;
  #savedStep: number;
  /** Not while batches are gathered for a step: what is gathered is part of no checkpoint. */
  #isBetweenSteps = true;

  constructor(options: TrainOptions, runner: StepRunner, progress: TrainingProgress | undefined) {
    this.#options = options;
    this.#runner = runner;
    this.#batchesPerStep = options.accumulate ?? 1;
    this.#stepsPerEpoch = Math.floor(options.data.stepsPerEpoch / this.#batchesPerStep);
    checkOptions(options, this.#stepsPerEpoch, progress);
    this.progress = progress ?? { step: 0, epoch: NOTHING, history: [] };
    this.progress = { ...this.progress, stepsPerEpoch: this.#stepsPerEpoch };
    this.#savedStep = progress?.step ?? -1;
  }

  /** Whether it was stopped. */
  async run(): Promise<boolean> {
    const { epochs, data, signal } = this.#options;
    while (this.progress.step < epochs * this.#stepsPerEpoch) {
      const epoch = Math.floor(this.progress.step / this.#stepsPerEpoch);
      const first = this.progress.step % this.#stepsPerEpoch;
      const batches = prefetch(data.batches(epoch, first * this.#batchesPerStep), this.#options.prefetch ?? 2);
      try {
        for (let step = first; step < this.#stepsPerEpoch; step++) {
          if (signal?.aborted || !(await this.#step(epoch, batches))) {
            await this.#save();
            return true;
          }
        }
      } finally {
        await batches.return(undefined);
      }
      await this.#endEpoch(epoch);
    }
    return false;
  }

  /** Whether it was done, and not stopped while it waited for a batch. */
  async #step(epoch: number, batches: AsyncGenerator<Batch>): Promise<boolean> {
    const { step } = this.progress;
    const { optimizer, schedule, checkpointSteps = 0 } = this.#options;
    const learningRate = schedule(step);
    checkNumber(`schedule, step ${step + 1}`, learningRate, { from: 0 });
    const numbers = { learningRate, ...optimizer.numbers(step + 1) };
    const began = performance.now();
    let { loss, correct, pictures, seconds } = this.progress.epoch;
    let stepLoss = 0;
    for (let part = 0; part < this.#batchesPerStep; part++) {
      const batch = await this.#nextBatch(epoch, batches);
      if (batch === undefined) return false;
      this.#isBetweenSteps = false;
      const isLast = part === this.#batchesPerStep - 1;
      const result = await this.#runner.step(batch, numbers, isLast ? 'update' : 'accumulate');
      if (!Number.isFinite(result.loss)) throw diverged(step, `loss, got ${result.loss}`);
      const count = this.#options.data.batchShape[0];
      stepLoss += result.loss / this.#batchesPerStep;
      loss += result.loss * count;
      correct += countCorrect(result.logits, batch.targets, count);
      pictures += count;
    }
    seconds += (performance.now() - began) / 1000;
    this.#isBetweenSteps = true;
    this.progress = { ...this.progress, step: step + 1, epoch: { loss, correct, pictures, seconds } };
    this.#reportStep(epoch, stepLoss, learningRate);
    if (checkpointSteps > 0 && (step + 1) % checkpointSteps === 0 && (step + 1) % this.#stepsPerEpoch !== 0)
      await this.#save();
    return true;
  }

  /** Nothing where the signal that stops the training has stopped the data too. */
  async #nextBatch(epoch: number, batches: AsyncGenerator<Batch>): Promise<Batch | undefined> {
    const { signal } = this.#options;
    const { done, value } = await batches.next().catch((error: unknown) => {
      if (signal?.aborted && error === signal.reason) return { done: false, value: undefined } as const;
      throw error;
    });
    if (!done) return value;
    throw new TrainError('BAD_DATA', `epoch ${epoch + 1}`, 'expected more batches, got the end of the data');
  }

  #reportStep(epoch: number, loss: number, learningRate: number): void {
    const { onEvent, epochs, data } = this.#options;
    const { step, epoch: sums } = this.progress;
    const steps = epochs * this.#stepsPerEpoch;
    const imagesPerSecond = sums.pictures / sums.seconds;
    const secondsLeft = ((steps - step) * this.#batchesPerStep * data.batchShape[0]) / imagesPerSecond;
    const accuracy = (100 * sums.correct) / sums.pictures;
    onEvent?.({
      kind: 'step',
      step,
      steps,
      epoch: epoch + 1,
      loss,
      accuracy,
      learningRate,
      imagesPerSecond,
      secondsLeft,
    });
  }

  async #endEpoch(epoch: number): Promise<void> {
    const { evaluateEvery = 1, epochs, schedule, onEvent } = this.#options;
    const { step, epoch: sums, history, best } = this.progress;
    const isEvaluated = (epoch + 1) % evaluateEvery === 0 || epoch + 1 === epochs;
    const evaluation = isEvaluated ? await this.#evaluate() : undefined;
    const record: EpochRecord = {
      epoch: epoch + 1,
      step,
      trainLoss: sums.loss / sums.pictures,
      trainError: 100 - (100 * sums.correct) / sums.pictures,
      learningRate: schedule(step - 1),
      seconds: sums.seconds,
      ...(evaluation === undefined ? {} : testNumbers(evaluation)),
    };
    const isBest = evaluation !== undefined && evaluation.top1 > (best?.top1 ?? -1);
    const newBest = isBest ? { step, top1: evaluation.top1 } : best;
    this.progress = {
      ...this.progress,
      epoch: NOTHING,
      history: [...history, record],
      ...(newBest === undefined ? {} : { best: newBest }),
    };
    this.evaluation = evaluation ?? this.evaluation;
    onEvent?.({
      kind: 'epoch',
      record,
      history: this.progress.history,
      ...(evaluation === undefined ? {} : { evaluation }),
    });
    await this.#save();
  }

  async #evaluate(): Promise<Evaluation | undefined> {
    const { evaluation, data, emaDecay } = this.#options;
    if (evaluation === undefined) return undefined;
    const counter = new EvaluationCounter(data.numClasses);
    for await (const { images, labels, count } of prefetch(evaluation(), 2)) {
      checkEvaluationBatch(images, data.batchShape);
      const logits = await this.#runner.predict(images, { ema: emaDecay !== undefined });
      counter.add(logits.subarray(0, count * data.numClasses), labels);
    }
    return counter.result();
  }

  async #save(): Promise<void> {
    const { checkpoints, onEvent } = this.#options;
    const { step } = this.progress;
    if (checkpoints === undefined || this.#savedStep === step || !this.#isBetweenSteps) return;
    const state = await this.#runner.readState();
    for (const [name, values] of state)
      if (!values.every(Number.isFinite)) throw diverged(step, `numbers in ${name}, got others`);
    await checkpoints.save({ progress: this.progress, state });
    this.#savedStep = step;
    onEvent?.({ kind: 'checkpoint', step });
  }
}

function diverged(step: number, what: string): TrainError {
  const next = 'lower the learning rate, warm up or clip the gradients, and go on from the last checkpoint';
  return new TrainError('LOSS_NOT_FINITE', `step ${step + 1}`, `expected finite ${what}; ${next}`);
}

function countCorrect(logits: Float32Array, targets: Float32Array, count: number): number {
  const size = targets.length / count;
  let correct = 0;
  for (let row = 0; row < count; row++) {
    const [from, to] = [row * size, (row + 1) * size];
    correct += Number(argMax(logits.subarray(from, to)) === argMax(targets.subarray(from, to)));
  }
  return correct;
}

function checkFits({ state }: Checkpoint, specs: VariableSpecs, options: TrainOptions): void {
  const shapes = stateShapes(specs, options);
  const next = 'go on with the options that it was made with, or take another folder';
  for (const [name, shape] of shapes) {
    const size = shape.reduce((product, length) => product * length, 1);
    const got = state.get(name)?.length;
    if (got === size) continue;
    throw new TrainError('BAD_CHECKPOINT', name, `expected ${size} numbers, got ${got ?? 'none'}; ${next}`);
  }
  const other = [...state.keys()].find((name) => !shapes.has(name));
  if (other !== undefined)
    throw new TrainError('BAD_CHECKPOINT', other, `expected what this training has, got this too; ${next}`);
}

/** The variables of a training's state, or their moving averages, as a state dict in PyTorch's layout. */
export function toStateDict(specs: VariableSpecs, state: HostValues, ema = false): Map<string, HostTensor> {
  return new Map(
    [...specs].map(([name, { layout, shape }]) => [
      name,
      toTorch(layout, shape, state.get(ema ? `ema/${name}` : name)!),
    ]),
  );
}
