import { StateDictVars } from '@residual/blocks';
import type { TfjsBackend } from '@residual/compile';
import type { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { readStateDictFile } from '@residual/weights/node';
import { type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import type { Job, Runner } from '../job.ts';
import { blueprintOf } from '../weights.ts';

/** The model as it is, operation by operation on a tfjs backend, batch norm apart: what a tfjs user has. */
export async function eagerModel(job: Job, backend: TfjsBackend): Promise<() => Promise<Runner>> {
  const availability = await backend.isAvailable();
  if (!availability.available) throw new Error(availability.reason);
  const { runsOn } = await backend.use();
  return () => loadModel(job, runsOn);
}

async function loadModel(job: Job, device: string): Promise<Runner> {
  const { tensors } = await readStateDictFile(job.weightsFile);
  const model = blueprintOf(tensors, getSpec(job.model)).withVars(new StateDictVars(tensors).source);
  return { device, run: (pictures) => runModel(model, pictures, job) };
}

async function runModel(model: ResNet, pictures: Float32Array, { batch, sizePx }: Job): Promise<Float32Array> {
  const x: Tensor4D = tensor4d(pictures, [batch, sizePx, sizePx, 3]);
  const logits = model.forward(x);
  try {
    return (await logits.data()) as Float32Array;
  } finally {
    x.dispose();
    logits.dispose();
  }
}
