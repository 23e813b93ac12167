import type { TensorEntry } from '../weights-index.ts';

/** A TensorFlow variable under the names of torchvision or timm. */
export interface TranslatedVariable {
  /** `undefined` for a layer beside the network. */
  readonly scheme: 'keras' | 'bit' | undefined;
  readonly name: string;
}

const parameters: Readonly<Record<string, string>> = {
  kernel: 'weight',
  bias: 'bias',
  gamma: 'weight',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** Whether a variable is of a Keras application whose blocks normalise first, and so have their norms before convolutions. */
export function isKerasV2(name: string): boolean {
  return /conv\d_block\d{1,2}_preact_bn/.test(name);
}

/**
 * The name of a variable of Keras's applications (`conv2_block1_1_conv/kernel`, `predictions/bias`), of a layer beside one
 * (`dense/kernel`), or of BiT (`resnet/block1/unit01/a/standardized_conv2d/kernel`); `undefined` for any other name. In a block
 * that normalises first, `preact_bn` is `bn1`, and what follows a convolution is the next one's.
 *
 * @see keras/src/applications/resnet.py, resnet_v2.py; timm/models/resnetv2.py, `_load_weights`
 */
export function translateVariable(name: string, normalisesFirst: boolean): TranslatedVariable | undefined {
  const segments = name.replace(/:0$/, '').split(/[/.]/);
  const parameter = parameters[segments.pop()!];
  if (parameter === undefined || segments.length === 0) return undefined;
  if (segments[0] === 'resnet') {
    const module = bitModule(segments.slice(1).join('/'));
    if (module !== undefined) return { scheme: 'bit', name: `${module}.${parameter}` };
  }
  // HDF5 files say a layer's name twice, with the model's between.
  const path = segments.filter((segment, index) => segment !== segments[index - 1]);
  const last = path.pop()!;
  const layer = kerasLayer(last, normalisesFirst);
  if (layer !== undefined) return { scheme: 'keras', name: [...path, layer, parameter].join('.') };
  const beside = path[0] === last ? [last] : [...path, last];
  return { scheme: undefined, name: [...beside, parameter].join('.') };
}

/** PyTorch's view of what a kernel holds: HWIO as OIHW, `[in, out]` as `[out, in]`. */
export function transposeKernel(entry: TensorEntry): TensorEntry {
  const rank = entry.shape.length;
  const axes = rank === 4 ? [3, 2, 0, 1] : rank === 2 ? [1, 0] : [...entry.shape.keys()];
  return {
    ...entry,
    shape: axes.map((axis) => entry.shape[axis]!),
    stride: axes.map((axis) => entry.stride[axis]!),
  };
}

function kerasLayer(layer: string, normalisesFirst: boolean): string | undefined {
  if (layer === 'conv1_conv') return 'conv1';
  if (layer === 'conv1_bn') return 'bn1';
  if (layer === 'predictions' || layer === 'probs') return 'fc';
  if (layer === 'post_bn') return 'norm';
  const match = /^conv([2-5])_block(\d{1,2})_(?:([0-3])_(conv|bn)|(preact_bn))$/.exec(layer);
  if (match === null) return undefined;
  const [, stage, block, part, kind, preActivation] = match;
  const inBlock = preActivation !== undefined ? 'bn1' : inKerasBlock(Number(part), kind!, normalisesFirst);
  return `layer${Number(stage) - 1}.${Number(block) - 1}.${inBlock}`;
}

function inKerasBlock(part: number, kind: string, normalisesFirst: boolean): string {
  if (part === 0) return `downsample.${kind === 'conv' ? 0 : 1}`;
  return `${kind}${normalisesFirst && kind === 'bn' ? part + 1 : part}`;
}

function bitModule(path: string): string | undefined {
  if (path === 'root_block/standardized_conv2d') return 'stem.conv';
  if (path === 'group_norm') return 'norm';
  if (path === 'head/conv2d') return 'head.fc';
  const match = /^block(\d)\/unit(\d\d)\/([abc])\/(?:(proj\/)?standardized_conv2d|(group_norm))$/.exec(path);
  if (match === null) return undefined;
  const [, stage, unit, part, projection, norm] = match;
  const number = 'abc'.indexOf(part!) + 1;
  const module = projection !== undefined ? 'downsample.conv' : `${norm === undefined ? 'conv' : 'norm'}${number}`;
  return `stages.${Number(stage) - 1}.blocks.${Number(unit) - 1}.${module}`;
}
