import { silu } from '@residual/blocks';
import { modelSpecs } from '@residual/resnet/registry';
import { timm288 } from '@residual/vision';
import { describe, expect, test } from 'vitest';
import { withNetworkOptions } from './network-options.ts';
import { fromMetadata, toMetadata } from './weights-metadata.ts';

describe('what a file says of its network is read back', () => {
  test.each([...modelSpecs().values()])('$name', (spec) => {
    const { model, network = {} } = fromMetadata('file', toMetadata({ spec }));
    expect(model).toBe(spec.name);
    expect(withNetworkOptions(spec, network)).toEqual(spec);
  });

  test('with options, preset and labels', () => {
    const options = { strideIn: '1x1', epsilon: 1e-3, outputStride: 8 } as const;
    const spec = { ...modelSpecs().get('resnet50')!, ...options, activation: silu };
    expect(fromMetadata('file', toMetadata({ spec, preset: timm288, labels: ['a', 'b'] }))).toEqual({
      model: 'resnet50',
      network: { ...options, activation: 'silu' },
      preset: timm288,
      labels: ['a', 'b'],
    });
  });

  test('without any of it', () => {
    expect(toMetadata({ labels: [] })).toEqual({});
    expect(fromMetadata('file', {})).toEqual({});
  });
});
