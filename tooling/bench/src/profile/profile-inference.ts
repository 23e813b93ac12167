import type { Engine, Profile } from '@residual/compile';
import { getSpec } from '@residual/resnet/registry';
import { readStateDictFile } from '@residual/weights/node';
import { makePictures } from '../pictures.ts';
import { compileNetwork } from '../runners/residual-engine.ts';
import { makeWeights } from '../weights.ts';
import type { ProfileJob } from './profile-job.ts';

/** Where the time of a run goes. */
export async function profileInference(job: ProfileJob, engine: Engine): Promise<Profile> {
  const { weightsFile, model, batch, sizePx, runs } = job;
  const dict = weightsFile === undefined ? makeWeights(getSpec(model)) : (await readStateDictFile(weightsFile)).tensors;
  const executable = await compileNetwork(job, dict, engine);
  return executable.profile!({ image: makePictures(batch, sizePx) }, { runs });
}
