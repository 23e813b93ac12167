import { expect, test } from 'vitest';
import { nameHints } from './name-hints.ts';

test.each([
  ['resnet50_caffe-788b5fa3.pth', { strideIn: '1x1' }],
  ['nets/resnet101-caffe2.pkl', { strideIn: '1x1' }],
  ['resnet50_os8.pth', { outputStride: 8 }],
  ['deeplab_output_stride_16/best.ckpt', { outputStride: 16 }],
  ['R50-OS16-caffe.pth', { strideIn: '1x1', outputStride: 16 }],
  ['caffeine.pth', {}],
  ['photos8.pth', {}],
  ['os80.pth', {}],
  ['caffe/old/resnet50.pth', {}],
])('%s', (source, network) => {
  const hints = nameHints(source);
  expect(hints.network).toEqual(network);
  expect(hints.notes).toHaveLength(Object.keys(network).length);
  expect(nameHints(source, { strideIn: '3x3', outputStride: 32 })).toMatchObject({ network: {}, notes: [] });
});

test('the name is that of the file and of the folder that it is in; notes say what is taken from it, for people', () => {
  expect(nameHints('C:\\nets\\caffe\\resnet50_os8.pth')).toEqual({
    name: 'caffe/resnet50_os8.pth',
    network: { strideIn: '1x1', outputStride: 8 },
    notes: [
      expect.stringContaining(
        "os8.pth: its name says Caffe: bottlenecks' stride is taken to be in the 1×1 convolution",
      ),
      expect.stringContaining('its name says output stride 8: the last stages are dilated (option outputStride)'),
    ],
  });
});

test('what is given is not asked of the name, the rest is', () => {
  const source = 'R50-OS16-caffe.pth';
  expect(nameHints(source, { strideIn: '3x3' }).network).toEqual({ outputStride: 16 });
  expect(nameHints(source, { outputStride: 8 }).network).toEqual({ strideIn: '1x1' });
});
