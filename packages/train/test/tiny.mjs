// A net of 456 parameters and 96 generated pictures: what the trainer's tests train, in the test itself and in processes
// that it kills.
import { BatchNorm2d, Conv2d, Linear, VarScope } from '@residual/blocks';
import { multiStep, orderedBatches, sgd, shuffledBatches } from '@residual/train';
import { chainAugmentations, randomCrop, randomFlip, seededRandom } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';

const SIZE_PX = 8;
export const EPOCHS = 4;

/** Of few channels, since tfjs's CPU backend takes long over the gradients of filters. */
export function tinyNet(source, channels = 4) {
  const vars = new VarScope(source);
  const conv1 = new Conv2d(vars.scope('conv1'), { inChannels: 3, outChannels: channels, kernelSize: 3 });
  const bn1 = new BatchNorm2d(vars.scope('bn1'), channels);
  const conv2 = new Conv2d(vars.scope('conv2'), { inChannels: channels, outChannels: 8, kernelSize: 3, stride: 2 });
  const bn2 = new BatchNorm2d(vars.scope('bn2'), 8);
  const fc = new Linear(vars.scope('fc'), { inFeatures: 8, outFeatures: 4 });
  return {
    forward: (x, options) =>
      tf.tidy(() => {
        const y = tf.relu(bn1.forward(conv1.forward(x), options));
        return fc.forward(tf.mean(tf.relu(bn2.forward(conv2.forward(y), options)), [1, 2]));
      }),
  };
}

/** Four classes, each of a colour and a direction of stripes, with noise. */
export function tinyData(size) {
  return {
    size,
    classes: ['a', 'b', 'c', 'd'],
    read(index) {
      const label = index % 4;
      const random = seededRandom(11, index);
      const data = new Uint8Array(SIZE_PX * SIZE_PX * 3);
      for (let i = 0; i < data.length; i++) {
        const [x, y] = [Math.floor(i / 3) % SIZE_PX, Math.floor(i / 3 / SIZE_PX)];
        const stripe = ((label < 2 ? x : y) >> 1) % 2;
        data[i] = 60 + 50 * stripe + (i % 3 === label % 2 ? 30 : 0) + 60 * random();
      }
      return { image: { width: SIZE_PX, height: SIZE_PX, channels: 3, data }, label };
    },
  };
}

const pixels = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], batchSize: 16, sizePx: SIZE_PX };

export function tinyOptions(mix = {}) {
  const augment = chainAugmentations(randomCrop(SIZE_PX, { paddingPx: 1 }), randomFlip());
  return {
    model: tinyNet,
    data: shuffledBatches(tinyData(96), { ...pixels, seed: 5, augment, ...mix }),
    epochs: EPOCHS,
    schedule: multiStep(0.1, [12]),
    optimizer: sgd({ momentum: 0.9, weightDecay: 1e-3 }),
    evaluation: () => orderedBatches(tinyData(40), pixels),
  };
}
