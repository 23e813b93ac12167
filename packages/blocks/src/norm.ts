import type { Tensor } from '@tensorflow/tfjs-core';
import type { ForwardOptions } from './forward-options.ts';
import type { VarScope } from './var-scope.ts';

export interface NormOptions {
  /** Added to the variance; default 1e-5, as PyTorch. */
  readonly epsilon?: number;
  /** Its weight starts at zero. Default false. */
  readonly zeroInit?: boolean;
}

export interface Norm {
  /** `[N, …, channels]` float32, of the same shape. */
  forward<T extends Tensor>(x: T, options?: ForwardOptions): T;
}

/** How a network normalises: a value in its spec. */
export type NormType = (vars: VarScope, channels: number, options?: NormOptions) => Norm;
