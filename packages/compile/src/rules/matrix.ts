import type { NamedAttrMap } from '@tensorflow/tfjs-core';
import { backend_util } from '@tensorflow/tfjs-core';
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
    tfjsAttributes: ({ attributes }: GraphNode): NamedAttrMap => ({
      transposeA: attributes['transposeA'] as boolean,
      transposeB: attributes['transposeB'] as boolean,
      activation: attributes['activation'] as string,
    }),
  },
};

function product(a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const batch = backend_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { shape: [...batch, rows, columns], dtype: a.dtype };
}
