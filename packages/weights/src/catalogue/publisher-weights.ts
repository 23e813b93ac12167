import type { Preset } from '@residual/vision';
import { sizeMiB } from './hub-file.ts';
import { imagenetPreset } from './model-facts.ts';
import type { PublishedWeights } from './published-weights.ts';

/**
 * Keras's own, of its applications.
 *
 * @see https://github.com/keras-team/keras/blob/master/keras/src/applications/resnet.py
 */
export function kerasWeights(): PublishedWeights[] {
  const rows = [
    ['50', 25_583_592],
    ['101', 44_601_832],
    ['152', 60_268_520],
    ['50v2', 25_568_360],
    ['101v2', 44_577_896],
    ['152v2', 60_236_904],
  ] as const;
  const base = 'https://storage.googleapis.com/tensorflow/keras-applications/resnet';
  const half: Pick<Preset, 'mean' | 'std'> = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
  const bytes: Pick<Preset, 'mean' | 'std'> = {
    mean: [123.68 / 255, 116.779 / 255, 103.939 / 255],
    std: [1 / 255, 1 / 255, 1 / 255],
  };
  return rows.map(([version, parameters]) => ({
    id: `keras_resnet${version}/imagenet`,
    model: `keras_resnet${version}`,
    name: 'imagenet',
    publisher: 'keras',
    urls: [`${base}/resnet${version}_weights_tf_dim_ordering_tf_kernels.h5`],
    sizeMiB: sizeMiB(parameters),
    parameters,
    classes: 'imagenet-1k',
    numClasses: 1000,
    preset: { ...imagenetPreset(256, 224, 'bilinear'), ...(version.endsWith('v2') ? half : bytes) },
    metrics: [],
    licence: 'apache-2.0',
    recipe: 'https://keras.io/api/applications/resnet/',
  }));
}

/**
 * OpenAI's CLIP, of which the image tower is used.
 *
 * @see https://github.com/openai/CLIP/blob/main/clip/clip.py
 */
export function clipWeights(): PublishedWeights[] {
  const rows = [
    ['50', 'RN50', 224, 38_316_896, 244, 'afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762'],
    ['101', 'RN101', 224, 56_259_936, 278, '8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599'],
    ['50x4', 'RN50x4', 288, 87_137_080, 402, '7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd'],
    ['50x16', 'RN50x16', 384, 167_328_912, 630, '52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa'],
    ['50x64', 'RN50x64', 448, 420_380_352, 1291, 'be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c'],
  ] as const;
  return rows.map(([version, file, sizePx, parameters, fileMiB, sha256]) => ({
    id: `clip_resnet${version}/openai`,
    model: `clip_resnet${version}`,
    name: 'openai',
    publisher: 'openai',
    urls: [`https://openaipublic.azureedge.net/clip/models/${sha256}/${file}.pt`],
    sizeMiB: fileMiB,
    sha256Prefix: sha256,
    parameters,
    classes: undefined,
    numClasses: null,
    preset: {
      resizePx: sizePx,
      cropPx: sizePx,
      interpolation: 'bicubic',
      mean: [0.48145466, 0.4578275, 0.40821073],
      std: [0.26862954, 0.26130258, 0.27577711],
    },
    metrics: [],
    licence: 'mit',
    recipe: 'https://arxiv.org/abs/2103.00020',
  }));
}

/**
 * chenyaofo's CIFAR nets, whose shortcuts project.
 *
 * @see https://github.com/chenyaofo/pytorch-cifar-models
 */
export function chenyaofoWeights(): PublishedWeights[] {
  const rows = [
    ['20', 10, 272_474, '4118986f'],
    ['32', 10, 466_906, 'ef93fc4d'],
    ['44', 10, 661_338, '2a3cabcb'],
    ['56', 10, 855_770, '187c023a'],
    ['20', 100, 278_324, '23dac2f1'],
    ['32', 100, 472_756, '84213ce6'],
    ['44', 100, 667_188, 'ffe32858'],
    ['56', 100, 861_620, 'f2eff4c8'],
  ] as const;
  const repository = 'https://github.com/chenyaofo/pytorch-cifar-models';
  const cifar10: Pick<Preset, 'mean' | 'std'> = { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] };
  const cifar100: Pick<Preset, 'mean' | 'std'> = { mean: [0.507, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2761] };
  return rows.map(([depth, numClasses, parameters, sha256Prefix]) => ({
    id: `resnet${depth}_b/chenyaofo_cifar${numClasses}`,
    model: `resnet${depth}_b`,
    name: `chenyaofo_cifar${numClasses}`,
    publisher: 'chenyaofo',
    urls: [`${repository}/releases/download/resnet/cifar${numClasses}_resnet${depth}-${sha256Prefix}.pt`],
    sizeMiB: sizeMiB(parameters),
    sha256Prefix,
    parameters,
    classes: `cifar-${numClasses}`,
    numClasses,
    preset: { resizePx: 32, cropPx: 32, interpolation: 'bilinear', ...(numClasses === 10 ? cifar10 : cifar100) },
    metrics: [],
    licence: 'bsd-3-clause',
    recipe: repository,
  }));
}
