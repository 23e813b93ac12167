export { type FollowedFrame, type FollowVideoOptions, type FrameAnswer, followVideo } from './follow-video.ts';
export { type LoadedPlan, type LoadPlanOptions, loadPlan, type PlanRunOptions } from './load-plan.ts';
export { PictureInput, type PictureSource } from './picture-input.ts';
export { PlanError, type PlanErrorCode } from './plan-error.ts';
export type { GpuInput, InputTarget, PlanInputs, PlanProgress } from './plan-runner.ts';
