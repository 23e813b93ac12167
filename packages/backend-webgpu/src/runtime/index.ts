export { type LoadedPlan, type LoadPlanOptions, loadPlan, type PlanRunOptions } from './load-plan.ts';
export { PlanError, type PlanErrorCode } from './plan-error.ts';
export type { PlanProgress } from './plan-runner.ts';
