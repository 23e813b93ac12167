import type { Engine } from '@residual/compile';
import { getSpec } from '@residual/resnet/registry';
import { readStateDictFile } from '@residual/weights/node';
import type { Job, Runner } from '../job.ts';
import { traceModel } from '../trace-model.ts';
import { numClassesOf, toWeights } from '../weights.ts';

/** An engine of Residual: the model is read, traced, optimised and compiled as a user would. */
export async function residualEngine(job: Job, engine: Engine): Promise<() => Promise<Runner>> {
  const availability = await engine.isAvailable();
  if (!availability.available) throw new Error(availability.reason);
  return () => loadModel(job, engine);
}

async function loadModel(job: Job, engine: Engine): Promise<Runner> {
  const spec = getSpec(job.model);
  const { tensors } = await readStateDictFile(job.weightsFile);
  const numClasses = numClassesOf(tensors, spec);
  const graph = await traceModel(spec, { batch: job.batch, sizePx: job.sizePx, numClasses });
  const executable = await engine.compile(graph, toWeights(tensors, spec));
  return {
    device: executable.info.device,
    run: async (image) => (await executable.run({ image }))['logits'] as Float32Array,
  };
}
