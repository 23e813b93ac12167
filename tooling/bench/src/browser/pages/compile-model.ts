import type { Engine } from '@residual/compile';
import { getSpec } from '@residual/resnet/registry';
import { readStateDict, sourceFromBytes } from '@residual/weights';
import { traceModel } from '../../trace-model.ts';
import { numClassesOf, toWeights } from '../../weights.ts';
import type { PageJob, PageRunner } from '../page-protocol.ts';

/** Reads, traces, optimises and compiles a model as a page would. */
export async function compileModel({ model, sizePx, weightsUrl }: PageJob, engine: Engine): Promise<PageRunner> {
  const spec = getSpec(model);
  const bytes = new Uint8Array(await (await fetch(weightsUrl)).arrayBuffer());
  const { tensors } = await readStateDict(sourceFromBytes(bytes, weightsUrl));
  const graph = await traceModel(spec, { batch: 1, sizePx, numClasses: numClassesOf(tensors, spec) });
  const executable = await engine.compile(graph, toWeights(tensors, spec));
  return {
    device: executable.info.device,
    run: async (image) => (await executable.run({ image }))['logits'] as Float32Array,
  };
}
