import { convolutionRules } from './convolution.ts';
import { elementwiseRules } from './elementwise.ts';
import type { KernelRule } from './kernel-rule.ts';
import { matrixRules } from './matrix.ts';
import { poolingRules } from './pooling.ts';
import { reductionRules } from './reduction.ts';
import { shapeRules } from './shape.ts';
import { trainingRules } from './training.ts';

/** Every rule, by the name of the tfjs kernel. */
export function rulesByKernel(): ReadonlyMap<string, KernelRule> {
  return new Map(
    [convolutionRules, poolingRules, matrixRules, elementwiseRules, reductionRules, shapeRules, trainingRules].flatMap(
      (rules) => Object.entries(rules),
    ),
  );
}

/** How nodes run, by their `op`, with the kernel that runs them. */
export function rulesByOp(): ReadonlyMap<string, KernelRule & { readonly kernelName: string }> {
  const named = [...rulesByKernel()].map(([kernelName, rule]) => ({ ...rule, kernelName }));
  // Where two kernels record the same op, the first runs it.
  return new Map(named.reverse().map((rule) => [rule.op ?? rule.kernelName, rule]));
}
