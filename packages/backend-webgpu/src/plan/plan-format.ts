import type { Plan } from './plan.ts';

/** Header of a plan file: its length in 4 bytes, little-endian, then JSON, then the blocks of weights, as they lie on the device. */
export interface PlanHeader {
  readonly format: 'residual-plan';
  readonly version: 1;
  readonly plan: Plan;
}

export const LENGTH_BYTES = 4;
