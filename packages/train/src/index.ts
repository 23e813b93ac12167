export { type AdamWOptions, adamw } from './adamw.ts';
export type { BatchOptions } from './assemble-batch.ts';
export { orderedBatches, shuffledBatches, type TrainingData } from './batches.ts';
export type { Checkpoint, CheckpointStore, EpochRecord, TrainingProgress } from './checkpoint.ts';
export { compiledRunner } from './compiled-runner.ts';
export { type DataSet, type Example, type PortableDataSet, subset } from './data-set.ts';
export { eagerRunner } from './eager-runner.ts';
export {
  type FineTuneOptions,
  type FineTuneReport,
  type FineTuneResult,
  fineTune,
  type Pretrained,
} from './fine-tune.ts';
export { initialState } from './initial-state.ts';
export { type Evaluation, EvaluationCounter } from './metrics.ts';
export { type MixOptions, mixBatch } from './mix.ts';
export {
  type HostValues,
  initialVariables,
  type ModelBuilder,
  type TrainableModel,
  type VariableSpecs,
} from './model.ts';
export type { Optimizer, UpdateOptions } from './optimizer.ts';
export type { GroupOptions, ParameterGroup } from './parameter-groups.ts';
export { prefetch } from './prefetch.ts';
export { batchOptions, parseRecipe, type Recipe, recipeOptions } from './recipe.ts';
export { cifarDegradation } from './recipes/cifar-degradation.ts';
export { cifarPaper } from './recipes/cifar-paper.ts';
export { cifarShort } from './recipes/cifar-short.ts';
export { fineTuning } from './recipes/fine-tuning.ts';
export { imagenetV2 } from './recipes/imagenet-v2.ts';
export { recipes } from './recipes.ts';
export {
  chainSchedules,
  constantRate,
  cosine,
  linearWarmUp,
  multiStep,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
} from './schedule.ts';
export { type SgdOptions, sgd } from './sgd.ts';
export type { Batch, RunnerShapes, StepResult, StepRunner } from './step-runner.ts';
export { type Stream, type StreamedBatchOptions, streamedBatches, wholeBatches } from './streams.ts';
export { classTargets } from './targets.ts';
export { type TrainResult, toStateDict, train } from './train.ts';
export { TrainError, type TrainErrorCode } from './train-error.ts';
export type { EvaluationBatch, TrainingEvent, TrainOptions } from './training-options.ts';
export {
  computeStep,
  type NamedTensors,
  type StepInputs,
  type StepOptions,
  type StepOutputs,
  type StepPhase,
  stateShapes,
} from './training-step.ts';
