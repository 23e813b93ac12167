import type { Profile } from '@residual/compile';
import type { Precision } from '../job.ts';
import type { Limits } from './limits.ts';

/** What a process of its own has to profile. */
export interface ProfileJob {
  readonly engine: 'native' | 'wasm';
  readonly precision: Precision;
  readonly model: string;
  readonly batch: number;
  readonly sizePx: number;
  readonly threads: number;
  readonly runs: number;
  /** Default: weights made up, the same each time. */
  readonly weightsFile: string | undefined;
  /** A step of training in place of a run. */
  readonly isTraining: boolean;
}

export interface ProfileAnswer {
  readonly profile: Omit<Profile, 'outputs'>;
  readonly limits: Limits;
}
