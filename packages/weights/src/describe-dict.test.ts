import type { HostTensor } from '@residual/blocks';
import { expect, test } from 'vitest';
import { describeDict } from './index.ts';

/** A dict of the shapes that tell: torchvision's bottleneck of width `inner` in `groups`. */
function bottlenecks(inner: number, groups: number, inChannels = 3): Map<string, HostTensor> {
  const shapes: Record<string, number[]> = {
    'conv1.weight': [64, inChannels, 7, 7],
    'layer2.0.downsample.0.weight': [512, 256, 1, 1],
  };
  for (const [stage, depth] of [3, 4, 6, 3].entries()) {
    for (let block = 0; block < depth; block++) {
      const path = `layer${stage + 1}.${block}`;
      const width = inner * 2 ** stage;
      shapes[`${path}.conv1.weight`] = [width, 64, 1, 1];
      shapes[`${path}.conv2.weight`] = [width, width / groups, 3, 3];
      shapes[`${path}.conv3.weight`] = [256 * 2 ** stage, width, 1, 1];
    }
  }
  return new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape, data: new Float32Array(0) }]));
}

test.each([
  ['resnet50', 64, 1, 64],
  ['resnext50_32x4d', 128, 32, 4],
  ['wide_resnet50_2', 128, 1, 128],
])('%s by its shapes', (_, inner, groups, widthPerGroup) => {
  expect(describeDict(bottlenecks(inner, groups))).toEqual({
    block: 'bottleneck',
    depths: [3, 4, 6, 3],
    widths: [256, 512, 1024, 2048],
    inChannels: 3,
    stemKernelSize: 7,
    groups,
    widthPerGroup,
    shortcut: 'projection',
    numClasses: null,
  });
});

test('other channel counts and heads are told', () => {
  const dict = bottlenecks(64, 1, 1).set('fc.weight', { shape: [5, 2048], data: new Float32Array(0) });
  expect(describeDict(dict)).toMatchObject({ inChannels: 1, numClasses: 5 });
});

test('what is no ResNet is not described', () => {
  expect(describeDict(new Map())).toBeUndefined();
  expect(
    describeDict(new Map([['conv1.weight', { shape: [64, 3, 7, 7], data: new Float32Array(0) }]])),
  ).toBeUndefined();
});
