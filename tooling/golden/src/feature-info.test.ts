import '@tensorflow/tfjs-backend-cpu';
import { randomVars, shapesOnly, torchShape } from '@residual/blocks';
import { traceModel } from '@residual/compile';
import { ResNet, type ResNetOptions } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import golden from '../golden/feature-info.json' with { type: 'json' };

const { networks } = golden as unknown as { networks: Record<string, FeatureGolden> };

// Numbers are timm's: ../feature_info.py.

interface FeatureGolden {
  readonly numChs: readonly number[];
  readonly reduction: readonly number[];
  readonly shapes: readonly (readonly [number, number, number])[];
  readonly head: Readonly<Record<string, readonly number[]>>;
  readonly largest: number;
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe.each(Object.entries(networks))('%s', (title, timm) => {
  const [, name, stride] = /^(\w+)(?:, output stride (\d+))?$/.exec(title)!;
  const options = stride === undefined ? {} : ({ outputStride: Number(stride) } as ResNetOptions);
  const build = (vars: ResNetOptions['vars'] = shapesOnly) => new ResNet(getSpec(name!), { ...options, vars });

  test('says of its feature maps what timm says', () => {
    const { featureInfo } = build();
    expect(featureInfo.map(({ numChs }) => numChs)).toEqual(timm.numChs);
    expect(featureInfo.map(({ reduction }) => reduction)).toEqual(timm.reduction);
  });

  test('has feature maps of the shapes that timm’s have', async () => {
    const model = build();
    const endpoints = model.featureInfo.map(({ module }) => module);
    const graph = await traceModel(model, { endpoints, sizePx: 96 });
    const shapes = graph.outputs.map(({ value }) => graph.values[value]!.shape);
    expect(shapes).toEqual(timm.shapes.map(([channels, height, width]) => [1, height, width, channels]));
  });

  test('gets a new head with the tensors of timm’s, as large', () => {
    const model = build();
    model.resetClassifier(7, { vars: randomVars({ seed: 1 }) });
    const head = [...model.variables].filter(([path]) => path.startsWith(`${model.headPath}.`));
    const shapes = head.map(([path]) => {
      const { layout, shape } = model.variableSpecs.get(path)!;
      return [path, torchShape(layout, shape)];
    });
    expect(Object.fromEntries(shapes)).toEqual(timm.head);
    const largest = Math.max(...head.flatMap(([, tensor]) => [...tensor.dataSync()].map(Math.abs)));
    expect(largest / timm.largest).toBeCloseTo(1, 2);
    model.dispose();
  });
});
