import {
  add,
  batchNorm,
  engine,
  getKernel,
  mean,
  moments,
  mul,
  rsqrt,
  step,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { GraphNode, Value } from '../graph.ts';
import type { RuleTable } from './kernel-rule.ts';

/**
 * Batch norm by the batch's own statistics and its gradient, which `@residual/blocks` runs where a backend has them, and
 * the gradient of a ReLU, which `fuseReluGradients` makes. tfjs has none of them: elsewhere they run as its operations.
 */
export const trainingRules: RuleTable = {
  BatchNormTraining: {
    inputs: ['x', 'scale', 'offset'],
    returnsList: true,
    infer: ([x, scale], { varianceEpsilon }) => ({
      outputs: [x!, scale!, scale!],
      attributes: { varianceEpsilon: varianceEpsilon as number },
    }),
    run: (node, inputs) => own(node, inputs, ['x', 'scale', 'offset']) ?? normalize(node, inputs),
  },
  BatchNormTrainingGrad: {
    inputs: ['dy', 'x', 'scale', 'mean', 'variance'],
    returnsList: true,
    infer: ([, x, scale], { varianceEpsilon }) => ({
      outputs: [x!, scale!, scale!] as Value[],
      attributes: { varianceEpsilon: varianceEpsilon as number },
    }),
    run: (node, inputs) => own(node, inputs, ['dy', 'x', 'scale', 'mean', 'variance']) ?? differentiate(node, inputs),
  },
  ReluGrad: {
    inputs: ['dy', 'x'],
    infer: ([, x]) => ({ outputs: [x!] }),
    run: (_, [dy, x]) => [mul(dy!, step(x!))],
  },
};

/** The current backend's own kernel, where it has one. */
function own({ op, attributes }: GraphNode, inputs: readonly Tensor[], names: readonly string[]): Tensor[] | undefined {
  if (!getKernel(op, engine().backendName)) return undefined;
  const named = Object.fromEntries(names.map((name, index) => [name, inputs[index]!]));
  return engine().runKernel(op, named, { ...attributes } as never) as Tensor[];
}

function normalize({ attributes }: GraphNode, [x, scale, offset]: readonly Tensor[]): Tensor[] {
  const { mean, variance } = moments(x!, [0, 1, 2]) as { mean: Tensor1D; variance: Tensor1D };
  const epsilon = attributes['varianceEpsilon'] as number;
  return [batchNorm(x as Tensor4D, mean, variance, offset as Tensor1D, scale as Tensor1D, epsilon), mean, variance];
}

/** @see Ioffe & Szegedy 2015, section 3 */
function differentiate({ attributes }: GraphNode, inputs: readonly Tensor[]): Tensor[] {
  const [dy, x, scale, average, variance] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const axes = [0, 1, 2];
  const inverse = rsqrt(add(variance, attributes['varianceEpsilon'] as number));
  const normal = mul(sub(x, average), inverse);
  const product = mul(dy, normal);
  const dx = mul(mul(scale, inverse), sub(sub(dy, mean(dy, axes)), mul(normal, mean(product, axes))));
  return [dx, sum(product, axes), sum(dy, axes)];
}
