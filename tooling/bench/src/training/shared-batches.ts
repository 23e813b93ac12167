import { classTargets, type TrainingData } from '@residual/train';
import { readStateDictFile } from '@residual/weights/node';

/** The batches of a file of `writeSharedFiles`, an epoch being all of them once. */
export async function sharedBatches(file: string, numClasses: number): Promise<TrainingData> {
  const { tensors } = await readStateDictFile(file);
  const { shape, data } = tensors.get('images')!;
  const [stepsPerEpoch, batch, height, width, channels] = shape as [number, number, number, number, number];
  const images = data as Float32Array;
  const labels = tensors.get('labels')!.data as Int32Array;
  const size = batch * height * width * channels;
  return {
    batchShape: [batch, height, width, channels],
    numClasses,
    stepsPerEpoch,
    async *batches(_epoch, first) {
      for (let step = first; step < stepsPerEpoch; step++)
        yield {
          images: images.subarray(step * size, (step + 1) * size),
          targets: classTargets(labels.subarray(step * batch, (step + 1) * batch), numClasses),
        };
    },
  };
}
