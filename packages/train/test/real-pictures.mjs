// A small residual net and a training of it on given pictures: the same in Node and in a browser, and in PyTorch by
// tooling/golden/real_pictures.py.
import { BasicBlock, BatchNorm2d, Conv2d, Linear, toTorch, VarScope } from '@residual/blocks';
import { constantRate, streamedBatches, train } from '@residual/train';
import { IMAGENET_MEAN, IMAGENET_STD } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';

const SIZE_PX = 32;

export function pictureNet(source) {
  const vars = new VarScope(source);
  const conv1 = new Conv2d(vars.scope('conv1'), { inChannels: 3, outChannels: 8, kernelSize: 3, stride: 2 });
  const bn1 = new BatchNorm2d(vars.scope('bn1'), 8);
  const layer1 = new BasicBlock(vars.scope('layer1'), { inChannels: 8, planes: 8, stride: 2 });
  const fc = new Linear(vars.scope('fc'), { inFeatures: 8, outFeatures: 10 });
  return {
    forward: (x, options) =>
      tf.tidy(() => {
        const y = layer1.forward(tf.relu(bn1.forward(conv1.forward(x), options)), options);
        return fc.forward(tf.mean(y, [1, 2]));
      }),
  };
}

/** Plain SGD, with the gradients in the state. */
function recordingDescent() {
  return {
    slots: ['gradient'],
    weightDecay: 0,
    numbers: () => ({}),
    update: (parameter, gradient, _, { learningRate }) => ({
      parameter: tf.sub(parameter, tf.mul(gradient, learningRate)),
      slots: [tf.clone(gradient)],
    }),
  };
}

/** Trains in the order of the pictures; gives the losses, and the gradients of the first step in PyTorch's layout. */
export async function trainOnPictures({ pixels, labels, weights, batchSize, learningRate }, engine) {
  const specs = new Map();
  const initial = (path, spec) => {
    specs.set(path, spec);
    return tf.variable(tf.tensor(Float32Array.from(weights[path]), spec.shape), spec.trainable);
  };
  async function* examples(_epoch, first) {
    for (let index = first; index < labels.length; index++) {
      const data = pixels.subarray(index * 3072, (index + 1) * 3072);
      yield { image: { width: SIZE_PX, height: SIZE_PX, channels: 3, data }, label: labels[index] };
    }
  }
  const options = { batchSize, sizePx: SIZE_PX, mean: IMAGENET_MEAN, std: IMAGENET_STD, seed: 1 };
  const classes = Array.from({ length: 10 }, (_, index) => `${index}`);
  const losses = [];
  let state;
  await train({
    model: pictureNet,
    initial,
    data: streamedBatches(examples, { ...options, classes, stepsPerEpoch: labels.length / batchSize }),
    epochs: 1,
    schedule: constantRate(learningRate),
    optimizer: recordingDescent(),
    checkpointSteps: 1,
    checkpoints: {
      latest: async () => undefined,
      save: async (checkpoint) => {
        state ??= checkpoint.state;
      },
    },
    ...(engine && { engine }),
    onEvent: (event) => event.kind === 'step' && losses.push(event.loss),
  });
  const gradients = {};
  for (const [path, { layout, shape, trainable }] of specs)
    if (trainable) gradients[path] = [...toTorch(layout, shape, state.get(`gradient/${path}`)).data];
  return { losses, gradients };
}
