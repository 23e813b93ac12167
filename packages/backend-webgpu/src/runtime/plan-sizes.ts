import type { Plan } from '../plan/plan.ts';
import { PlanError } from './plan-error.ts';

/** @throws PlanError (`TOO_LARGE`) for a plan that the device's limits do not allow. */
export function checkSizes({ limits }: GPUDevice, plan: Plan): void {
  const limit = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const largest = Math.max(0, ...plan.buffers, ...plan.weights);
  if (largest > limit) throw tooLarge(plan, `at most ${megabytes(limit)} in one`);
  const groups = Math.max(0, ...plan.steps.flatMap(({ workgroups }) => workgroups));
  if (groups <= limits.maxComputeWorkgroupsPerDimension) return;
  throw tooLarge(plan, `at most ${limits.maxComputeWorkgroupsPerDimension} workgroups a dispatch`);
}

export function tooLarge({ buffers, weights }: Plan, got: string): PlanError {
  const sum = [...buffers, ...weights].reduce((total, size) => total + size, 0);
  const largest = Math.max(0, ...buffers, ...weights);
  const needs = `expected a device for buffers of ${megabytes(sum)}, the largest of ${megabytes(largest)}`;
  return new PlanError('TOO_LARGE', `webgpu: ${needs}, got ${got}; choose a smaller batch or picture`);
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
