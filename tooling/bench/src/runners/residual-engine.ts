import { type StateDict, viewStateDict } from '@residual/blocks';
import { type Engine, type Executable, traceModel } from '@residual/compile';
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
  const executable = await compileNetwork(job, (await readStateDictFile(job.weightsFile)).tensors, engine);
  return {
    device: executable.info.device,
    run: async (image) => (await executable.run({ image }))['logits'] as Float32Array,
  };
}

/** Traces a network of these weights, optimises and compiles it. */
export async function compileNetwork(
  { model: name, batch, sizePx }: Pick<Job, 'model' | 'batch' | 'sizePx'>,
  dict: StateDict,
  engine: Engine,
): Promise<Executable> {
  const model = blueprintOf(dict, getSpec(name));
  const graph = await traceModel(model, { endpoints: ['logits'], batchSize: batch, sizePx });
  return engine.compile(graph, viewStateDict(dict, model.variableSpecs));
}
