export { indexedDbVariants } from './indexed-db-variants.ts';
export type { VariantMemory } from './plan/measure-variants.ts';
export { PlanError, type PlanErrorCode } from './runtime/plan-error.ts';
export { tfjsWebgpu } from './tfjs-webgpu.ts';
export { WebgpuBackendError } from './webgpu-backend-error.ts';
export { type WebgpuOptions, webgpu } from './webgpu-engine.ts';
