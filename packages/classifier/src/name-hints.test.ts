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
