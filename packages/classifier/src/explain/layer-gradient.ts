import type { MapEndpoint, ResNet } from '@residual/resnet';
import * as tf from '@tensorflow/tfjs-core';
import { ClassifierError } from '../classifier-error.ts';
import type { FeatureMap, Network } from '../network.ts';
import type { LayerGradient } from './grad-cam.ts';
import type { Question } from './question.ts';

/**
 * At the last stage a channel's mean is one, and by a linear head a logit is a weighted mean, so the gradient is the head's
 * weights, the same for each pixel: no backend is needed, and the network may be compiled. `undefined` where more lies
 * between the last stage and what is asked for.
 */
export async function lastStageGradient(
  network: Network,
  activations: FeatureMap,
  { endpoint, index }: Question,
): Promise<LayerGradient | undefined> {
  const [height, width, channels] = activations.shape as [number, number, number];
  const weightOf = endpoint === 'logits' ? await classWeights(network, index) : channelWeights(network, index);
  if (weightOf === undefined) return undefined;
  const gradients = activations.data.map((_, i) => weightOf(i % channels) / (height * width));
  return { activations, gradients };
}

/** What a logit, or a pooled feature, takes of a channel's mean; none where it is no weighted mean. */
type ChannelWeights = ((channel: number) => number) | undefined;

async function classWeights(network: Network, index: number): Promise<ChannelWeights> {
  const { classWeights: name, numClasses } = network.blueprint;
  if (name === undefined || numClasses === null) return undefined;
  const matrix = await network.variable(name); // [channels, numClasses]
  return (channel) => matrix[channel * numClasses + index]!;
}

function channelWeights({ blueprint }: Network, index: number): ChannelWeights {
  return blueprint.isMeanPooled ? (channel) => Number(channel === index) : undefined;
}

/**
 * By tfjs's gradients, through what comes after the layer.
 *
 * @param input as the network takes it, `[edge, edge, channels]`.
 * @throws ClassifierError where there is no tfjs backend, or its gradients are not registered.
 */
export async function earlierGradient(
  buildModel: () => ResNet,
  input: { readonly data: Float32Array; readonly shape: [number, number, number] },
  layer: MapEndpoint,
  { endpoint, index }: Question,
): Promise<LayerGradient> {
  await needGradients(layer);
  const model = buildModel();
  const [activations, gradients] = tf.tidy(() => {
    const x = tf.tensor4d(input.data, [1, ...input.shape]);
    const found = model.forwardIntermediates(x, [layer])[layer]!;
    const asked = (value: tf.Tensor): tf.Tensor =>
      tf.slice(model.forwardFrom(layer, value, { until: endpoint }), [0, index], [1, 1]);
    return [found, tf.grad(asked)(found)] as const;
  });
  try {
    const [data, gradient] = (await Promise.all([activations.data(), gradients.data()])) as Float32Array[];
    return { activations: { shape: activations.shape.slice(1), data: data! }, gradients: gradient! };
  } finally {
    tf.dispose([activations, gradients]);
  }
}

async function needGradients(layer: MapEndpoint): Promise<void> {
  const otherwise = "explain the last stage, or take method 'occlusion'";
  try {
    await tf.ready();
  } catch (cause) {
    const problem = `expected a tfjs backend for a gradient within the network, found none; import one, ${otherwise}`;
    throw new ClassifierError('NO_BACKEND', `${layer}: ${problem}`, cause);
  }
  if (tf.getGradient(tf.Conv2D)) return;
  try {
    // Not in Node without a bundler: the file imports others without their extensions.
    await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  } catch (cause) {
    const problem = `expected tfjs's gradients, found none; import '@tensorflow/tfjs', ${otherwise}`;
    throw new ClassifierError('NO_GRADIENTS', `${layer}: ${problem}`, cause);
  }
}
