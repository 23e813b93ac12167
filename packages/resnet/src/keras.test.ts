import { shapesOnly } from '@residual/blocks';
import { expect, test } from 'vitest';
import { kerasSpecs } from './keras.ts';
import { ResNet } from './resnet.ts';

test('all numbers, running statistics too, are as many as Keras counts', () => {
  const counts = kerasSpecs().map((spec) => {
    const sizes = [...new ResNet(spec, { vars: shapesOnly }).variableSpecs.values()];
    return [spec.name, sizes.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)];
  });
  expect(counts).toEqual([
    ['keras_resnet50', 25_636_712],
    ['keras_resnet101', 44_707_176],
    ['keras_resnet152', 60_419_944],
    ['keras_resnet50v2', 25_613_800],
    ['keras_resnet101v2', 44_675_560],
    ['keras_resnet152v2', 60_380_648],
  ]);
});
