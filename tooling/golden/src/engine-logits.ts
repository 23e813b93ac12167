import { shapesOnly, type VarSource } from '@residual/blocks';
import { type Engine, trace } from '@residual/compile';
import type { ResNet } from '@residual/resnet';
import { deterministicPicture } from '@residual/testing';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { buildArchitecture } from './architectures.ts';
import { deterministicWeights } from './deterministic-vars.ts';
import { expectLogits, type NetworkGolden } from './network-goldens.ts';

/**
 * Compiles the net of a golden's title on an engine, and compares its logits, or what it pools where it has no head, with
 * PyTorch's, within `tolerance` of the largest.
 */
export async function expectEngineLogits(
  engine: Engine,
  title: string,
  golden: NetworkGolden,
  build: (title: string, vars: VarSource) => ResNet = buildArchitecture,
  tolerance = 1e-4,
): Promise<void> {
  const graph = await trace((t) => {
    const model = build(title, (path, { shape }) => t.parameter(path, shape));
    return { logits: model.forwardHead(model.forwardFeatures(t.input('image', golden.shape) as Tensor4D)) };
  });
  const weights = deterministicWeights(build(title, shapesOnly).variableSpecs);
  const executable = await engine.compile(graph, weights);
  try {
    const { logits } = await executable.run({ image: deterministicPicture(golden.shape) });
    expectLogits(logits as Float32Array, golden, tolerance);
  } finally {
    await executable.dispose();
  }
}
