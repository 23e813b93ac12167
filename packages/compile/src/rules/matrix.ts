import { backend_util, engine, reshape, type Tensor } from '@tensorflow/tfjs-core';
import type { GraphNode, Value } from '../graph.ts';
import { fusedActivation } from './fused-activation.ts';
import type { RuleTable } from './kernel-rule.ts';

/** Matrix products; images of matrices broadcast over the leading axes. */
export const matrixRules: RuleTable = {
  BatchMatMul: {
    inputs: ['a', 'b'],
    infer: ([a, b], { transposeA, transposeB }) => ({
      outputs: [product(a!, b!, Boolean(transposeA), Boolean(transposeB))],
      attributes: { transposeA: Boolean(transposeA), transposeB: Boolean(transposeB) },
    }),
  },
  _FusedMatMul: {
    op: 'FusedMatMul',
    inputs: ['a', 'b', 'bias'],
    optional: { bias: 'hasBias' },
    infer: ([a, b], { transposeA, transposeB, hasBias, activation }) => ({
      outputs: [product(a!, b!, Boolean(transposeA), Boolean(transposeB))],
      attributes: {
        transposeA: Boolean(transposeA),
        transposeB: Boolean(transposeB),
        hasBias: hasBias as boolean,
        activation: fusedActivation(activation),
      },
    }),
    run: runFusedMatMul,
  },
};

function product(a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { shape: [...batch, rows, columns], dtype: a.dtype };
}

/** The kernel takes images of matrices only, rank 3; some backends read out of bounds otherwise. */
function runFusedMatMul({ attributes }: GraphNode, [a, b, bias]: readonly Tensor[]): Tensor[] {
  const stacked = (x: Tensor): Tensor => reshape(x, [-1, x.shape.at(-2)!, x.shape.at(-1)!]);
  const matrices = { a: stacked(a!), b: stacked(b!) };
  const product = engine().runKernel('_FusedMatMul', bias === undefined ? matrices : { ...matrices, bias }, {
    transposeA: attributes['transposeA'] as boolean,
    transposeB: attributes['transposeB'] as boolean,
    activation: attributes['activation'] as string,
  }) as Tensor;
  return [reshape(product, [...a!.shape.slice(0, -2), ...product.shape.slice(-2)])];
}
