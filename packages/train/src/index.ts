export { type AdamWOptions, adamw } from './adamw.ts';
export { compiledRunner } from './compiled-runner.ts';
export { eagerRunner } from './eager-runner.ts';
export { initialState } from './initial-state.ts';
export {
  type HostValues,
  initialVariables,
  type ModelBuilder,
  type TrainableModel,
  type VariableSpecs,
} from './model.ts';
export type { Optimizer, UpdateOptions } from './optimizer.ts';
export type { GroupOptions, ParameterGroup } from './parameter-groups.ts';
export { type SgdOptions, sgd } from './sgd.ts';
export type { Batch, RunnerShapes, StepResult, StepRunner } from './step-runner.ts';
export { classTargets } from './targets.ts';
export { TrainError, type TrainErrorCode } from './train-error.ts';
export { computeStep, type NamedTensors, type StepOptions, type StepPhase, stateShapes } from './training-step.ts';
