import { viewStateDict } from '@residual/blocks';
import { type Engine, traceModel } from '@residual/compile';
import { getSpec } from '@residual/resnet/registry';
import { readStateDictFile } from '@residual/weights/node';
import type { Job, Runner } from '../job.ts';
import { blueprintOf } from '../weights.ts';

/** An engine of Residual: the model is read, traced, optimised and compiled as a user would. */
export async function residualEngine(job: Job, engine: Engine): Promise<() => Promise<Runner>> {
  const availability = await engine.isAvailable();
  if (!availability.available) throw new Error(availability.reason);
  return () => loadModel(job, engine);
}

async function loadModel(job: Job, engine: Engine): Promise<Runner> {
  const { tensors } = await readStateDictFile(job.weightsFile);
  const model = blueprintOf(tensors, getSpec(job.model));
  const graph = await traceModel(model, { endpoints: ['logits'], batchSize: job.batch, sizePx: job.sizePx });
  const executable = await engine.compile(graph, viewStateDict(tensors, model.variableSpecs));
  return {
    device: executable.info.device,
    run: async (image) => (await executable.run({ image }))['logits'] as Float32Array,
  };
}
