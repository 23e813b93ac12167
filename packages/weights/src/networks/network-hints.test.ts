import { describe, expect, test } from 'vitest';
import { entryOf, findIn, goldenNames, prefixed } from '../../test/network-names.ts';
import { sourceFromBytes } from '../byte-source.ts';
import { readTensors } from '../read-tensors.ts';
import { reverseInputChannels } from './reverse-input-channels.ts';

const golden = goldenNames();
const resnet18 = golden.get('torchvision resnet18')!;
const hintsOf = (title: string, facts: Readonly<Record<string, string | number>>) => {
  const [network] = findIn({ '': golden.get(title)! }, facts);
  return { ...network!.hints, notes: network!.notes };
};

describe('the architecture’s name', () => {
  test.each([
    ['arch', 'resnet18'],
    ['args.model', 'resnet18.a1_in1k'],
    ['hyper_parameters.model_name', 'resnet18'],
    ['args.arch', 'resnetblur50'],
  ])('%s: %s', (key, name) => {
    expect(hintsOf('torchvision resnet18', { [key]: name })).toEqual({ model: name, notes: [] });
  });

  test('other words are none', () => {
    expect(
      hintsOf('torchvision resnet18', { model: 'yes', arch: 'a longer text about resnets', encoder: 'vgg' }),
    ).toEqual({ notes: [] });
  });
});

describe('what changes the answer is hinted, and a note says why', () => {
  const silu = { 'layer1.0.relu.__class__': 'torch.nn.modules.activation.SiLU' };
  const config =
    "model = dict(type='A', backbone=dict(type='ResNetV1d', depth=50, style='caffe', strides=(1, 2, 2, 1)))";
  test.each<[string, string, Record<string, string | number>, object, string]>([
    [
      'Detectron2’s own models',
      'detectron2 R-50',
      {},
      { strideIn: '1x1', mean: [0.485, 0.456, 0.406], std: [1 / 255, 1 / 255, 1 / 255] },
      "taken as Detectron2's own models are",
    ],
    ['torchvision’s DeepLab', 'torchvision deeplabv3_resnet50', {}, { outputStride: 8 }, 'output stride 8'],
    ['torchvision’s FCN', 'torchvision fcn_resnet50', {}, { outputStride: 8 }, 'output stride 8'],
    ['a module’s strides', 'torchvision resnet50', { 'layer2.0.conv1.stride': '2,2' }, { strideIn: '1x1' }, '1x1'],
    ['dilations', 'torchvision resnet50', { 'layer4.1.conv2.dilation': '4,4' }, { outputStride: 8 }, 'dilated'],
    ['one dilation', 'torchvision resnet50', { 'layer4.1.conv2.dilation': '2,2' }, { outputStride: 16 }, 'dilated'],
    ['epsilon', 'torchvision resnet50', { 'bn1.eps': 1e-3 }, { epsilon: 1e-3 }, 'epsilon 0.001'],
    ['activation', 'torchvision resnet50', silu, { activation: 'SiLU' }, 'activation is SiLU'],
    [
      'mmpretrain’s configuration',
      'mmdetection ResNetV1d-50',
      { 'meta.config': config },
      { model: 'resnet50d', strideIn: '1x1', outputStride: 16 },
      "style='caffe'",
    ],
  ])('%s', (_, title, facts, hints, note) => {
    const { notes, ...got } = hintsOf(title, facts);
    expect(got).toEqual(hints);
    expect(notes.join('; ')).toContain(note);
  });

  test.each<[string, string, Record<string, string | number>, object]>([
    ['what Detectron2 took from torchvision', 'detectron2 R-50', { __author__: 'torchvision' }, { strideIn: '3x3' }],
    ['as torchvision has it', 'torchvision resnet50', { 'layer2.0.conv1.stride': '1,1', 'bn1.eps': 1e-5 }, {}],
    ['basic blocks have it there', 'torchvision resnet18', { 'layer2.0.conv1.stride': '2,2' }, {}],
    ['ReLU', 'torchvision resnet50', { 'relu.__class__': 'torch.nn.modules.activation.ReLU' }, {}],
    ['pooling', 'torchvision resnet18', { 'maxpool.__class__': 'torch.nn.Identity' }, { stemPool: false }],
  ])('no note: %s', (_, title, facts, hints) => {
    expect(hintsOf(title, facts)).toEqual({ ...hints, notes: [] });
  });

  test('of a network deep in a file, by its path', () => {
    const facts = { 'net.model.bn1.eps': 1e-3, 'other.bn1.eps': 1 };
    const [network] = findIn({ net: prefixed('model.', resnet18) }, facts);
    expect(network!.hints).toEqual({ epsilon: 1e-3 });
  });
});

describe('networks of BGR pictures get them as RGB', () => {
  const config = (isRgb: string) =>
    `backbone=dict(type='ResNet', depth=18), img_norm_cfg = dict(mean=[10, 20, 30], std=[51, 102, 255], to_rgb=${isRgb})`;

  test('by the configuration, with the means turned too', () => {
    const [network] = findIn({ '': resnet18 }, { cfg: config('False') });
    expect(network!.hints).toEqual({ model: 'resnet18', mean: [30 / 255, 20 / 255, 10 / 255], std: [1, 0.4, 0.2] });
    expect(network!.notes).toEqual([
      'the configuration says how pictures are normalised, and that they are BGR',
      'conv1.weight: its input channels are turned from BGR to RGB',
    ]);
  });

  test('not where it turns them itself', () => {
    const [network] = findIn({ '': resnet18 }, { cfg: config('True') });
    expect(network!.hints).toEqual({ model: 'resnet18', mean: [10 / 255, 20 / 255, 30 / 255], std: [0.2, 0.4, 1] });
    expect(network!.notes).toEqual(['the configuration says how pictures are normalised']);
  });

  test('the channels of the first convolution change places when it is read', async () => {
    const data = Float32Array.from({ length: 2 * 3 * 2 }, (_, i) => i);
    const source = sourceFromBytes(new Uint8Array(data.buffer));
    const entry = { ...entryOf([2, 3, 2, 1]), storage: { offset: 0, sizeBytes: data.byteLength } };
    const tensors = new Map([['conv1.weight', reverseInputChannels(source, entry)!]]);
    for await (const [, tensor] of readTensors(source, tensors)) {
      expect([...tensor.data]).toEqual([4, 5, 2, 3, 0, 1, 10, 11, 8, 9, 6, 7]);
    }
    expect(reverseInputChannels(source, entryOf([2, 1, 3, 3]))).toBeUndefined();
  });

  test.each([
    ['float16', [0x3c00, 0x4000, 0x4200], 'float32'],
    ['bfloat16', [0x3f80, 0x4000, 0x4040], 'float32'],
    ['float64', [0x3ff0, 0x4000, 0x4008], 'float64'],
  ] as const)('of %s too', async (dtype, upperBits, read) => {
    const bits = dtype === 'float64' ? upperBits.flatMap((upper) => [0, 0, 0, upper]) : upperBits;
    const bytes = new Uint8Array(Uint16Array.from(bits).buffer);
    const source = sourceFromBytes(bytes);
    const entry = { ...entryOf([1, 3, 1, 1]), dtype, storage: { offset: 0, sizeBytes: bytes.length } };
    const reversed = reverseInputChannels(source, entry)!;
    expect(reversed.dtype).toBe(read);
    for await (const [, { data }] of readTensors(source, new Map([['conv1.weight', reversed]]))) {
      expect([...data]).toEqual([3, 2, 1]);
    }
  });
});

describe('names of the classes', () => {
  const small = new Map([...resnet18, ['fc.weight', [2, 512]], ['fc.bias', [2]]] as const);
  test.each<[string, Record<string, string | number>, readonly string[] | undefined]>([
    ['a list', { 'meta.CLASSES.0': 'cat', 'meta.CLASSES.1': 'dog' }, ['cat', 'dog']],
    ['class_to_idx', { 'class_to_idx.dog': 1, 'class_to_idx.cat': 0 }, ['cat', 'dog']],
    ['a list of another length', { 'classes.0': 'cat' }, undefined],
    ['a list with a gap', { 'classes.0': 'cat', 'classes.2': 'dog' }, undefined],
  ])('%s', (_, facts, labels) => {
    expect(findIn({ '': small }, facts)[0]!.hints.labels).toEqual(labels);
  });
});

describe('a layer that normalises pictures is found, and said', () => {
  const note = 'the pictures are normalised by a layer of the file: its mean and deviation are taken';
  const pair = (mean: string, std: string) => new Map([mean, std].map((name) => [name, [1, 3, 1, 1]]));

  test.each([
    ['Sequential(Normalize(…), model)', golden.get('Normalize before')!, ["prefix '1.' taken off the names", note]],
    ['a child', new Map([...resnet18, ...pair('normalizer.new_mean', 'normalizer.new_std')]), [note]],
    ['buffers of the model', new Map([...resnet18, ...pair('mu', 'sigma')]), [note]],
    [
      'buffers beside it',
      new Map([...prefixed('net.', resnet18), ...pair('mean', 'std')]),
      ["prefix 'net.' taken off the names", note],
    ],
  ])('%s', (_, names, notes) => {
    const [network] = findIn({ '': names });
    expect(network!.normalisation?.mean.shape).toEqual([1, 3, 1, 1]);
    expect(network!.normalisation?.std.shape).toEqual([1, 3, 1, 1]);
    expect([...network!.tensors.keys()].sort()).toEqual([...resnet18.keys()].sort());
    expect(network!.notes).toEqual(notes);
  });

  test('numbers of other things are none', () => {
    const [network] = findIn({
      '': new Map([...prefixed('net.', resnet18), ['val_acc.mean', [1]], ['val_acc.std', [1]]]),
    });
    expect(network!.normalisation).toBeUndefined();
  });
});
