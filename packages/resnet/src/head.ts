import { type ForwardOptions, Linear, type VarScope } from '@residual/blocks';
import type { Tensor2D } from '@tensorflow/tfjs-core';

export interface HeadOptions {
  readonly inFeatures: number;
  readonly numClasses: number;
}

export interface Head {
  /** The variable whose numbers, `[inFeatures, numClasses]`, are what each logit takes of each feature; none where that is no single matrix. */
  readonly matrix: string | undefined;
  /** `[N, inFeatures]` → `[N, numClasses]` float32. */
  forward(x: Tensor2D, options?: ForwardOptions): Tensor2D;
}

/** What makes logits of pooled features: a value in the spec. */
export type HeadType = (vars: VarScope, options: HeadOptions) => Head;

/** One fully connected layer. @see He et al. 2015, table 1 */
export const linearHead: HeadType = (vars, options) => makeLinearHead(vars, options, true);

/** The same without a bias. */
export const linearHeadWithoutBias: HeadType = (vars, options) => makeLinearHead(vars, options, false);

function makeLinearHead(vars: VarScope, { inFeatures, numClasses }: HeadOptions, bias: boolean): Head {
  const linear = new Linear(vars, { inFeatures, outFeatures: numClasses, bias });
  return { matrix: vars.pathOf('weight'), forward: (x) => linear.forward(x) };
}
