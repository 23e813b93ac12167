import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getSpec } from '@residual/resnet/registry';
import { deterministicPicture, uniform } from '@residual/testing/deterministic';
import { batchOptions, shuffledBatches } from '@residual/train';
import { readCifar10 } from '@residual/train/node';
import { writeSafetensors } from '@residual/weights';
import { makeWeights } from '../weights.ts';
import { recipeOf, type SharedFiles, type Workload } from './workload.ts';

/** Writes what all trainers begin with, the same each time; CIFAR-10's pictures are shuffled, cropped and flipped. */
export async function writeSharedFiles(workload: Workload, batches: number, into: string): Promise<SharedFiles> {
  const { batch, sizePx, model } = workload;
  const initialFile = join(into, 'initial.safetensors');
  await writeFile(initialFile, writeSafetensors(makeWeights(getSpec(model))));
  const { images, labels } = workload.folder === undefined ? madeUp(workload, batches) : await real(workload, batches);
  const batchesFile = join(into, 'batches.safetensors');
  const tensors = new Map([
    ['images', { shape: [batches, batch, sizePx, sizePx, 3], data: images }],
    ['labels', { shape: [batches, batch], data: labels }],
  ]);
  await writeFile(batchesFile, writeSafetensors(tensors));
  return { initialFile, batchesFile };
}

interface Pictures {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

function madeUp({ model, sizePx, batch }: Workload, batches: number): Pictures {
  const classes = getSpec(model).numClasses ?? 1000;
  const labels = Int32Array.from(uniform('labels', batches * batch), (u) => Math.floor(u * classes));
  return { images: deterministicPicture([batches * batch, sizePx, sizePx, 3]), labels };
}

async function real(workload: Workload, batches: number): Promise<Pictures> {
  const { batch, sizePx, folder } = workload;
  const data = shuffledBatches(await readCifar10(folder!, 'train'), batchOptions(recipeOf(workload), 1));
  const images = new Float32Array(batches * batch * sizePx * sizePx * 3);
  const labels = new Int32Array(batches * batch);
  let row = 0;
  for await (const made of data.batches(0, 0)) {
    images.set(made.images, (row / batch) * made.images.length);
    for (let start = 0; start < made.targets.length; start += data.numClasses)
      labels[row++] = made.targets.subarray(start, start + data.numClasses).indexOf(1);
    if (row === labels.length) break;
  }
  return { images, labels };
}
