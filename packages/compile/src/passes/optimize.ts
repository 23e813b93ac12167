import type { Graph } from '../graph.ts';
import { absorbGradientPadding } from './absorb-gradient-padding.ts';
import { absorbPadding } from './absorb-padding.ts';
import { dropDeadCode } from './drop-dead-code.ts';
import { dropIdentities } from './drop-identities.ts';
import { flattenBatchNorms } from './flatten-batch-norms.ts';
import { flattenMatrices } from './flatten-matrices.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldNormalisation } from './fold-normalisation.ts';
import { fuseEpilogues } from './fuse-epilogues.ts';
import { fuseReluGradients } from './fuse-relu-gradients.ts';
import { spellOutBatchNorm } from './spell-out-batch-norm.ts';

/**
 * The passes that engines want before they compile: the same outputs, from fewer nodes.
 *
 * Epilogues are fused on both sides of the batch norm fold: a bias comes before it, the residual and the ReLU after.
 */
export function optimize(graph: Graph): Graph {
  return [
    flattenMatrices,
    flattenBatchNorms,
    dropIdentities,
    fuseReluGradients,
    absorbGradientPadding,
    absorbPadding,
    dropDeadCode,
    fuseEpilogues,
    foldBatchNorm,
    spellOutBatchNorm,
    foldNormalisation,
    fuseEpilogues,
    absorbPadding,
    dropDeadCode,
  ].reduce((result, pass) => pass(result), graph);
}
