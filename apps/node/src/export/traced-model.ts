import { bind, type Graph, optimize, readWeights, trace } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { ExportedModel } from './export-formats.ts';

/** A model as an optimised graph with its weights, `image` → `logits`; the model's own copy of them is gone afterwards. */
export async function tracedModel({ model, numClasses, sizePx }: ExportedModel): Promise<Graph> {
  const graph = await trace((t) => {
    const traced = new ResNet(model.spec, { numClasses, vars: (path, { shape }) => t.parameter(path, shape) });
    return { logits: traced.forward(t.input('image', [1, sizePx, sizePx, 3]) as Tensor4D) };
  });
  return bind(optimize(graph), await readWeights(model.variables, { release: true }));
}
