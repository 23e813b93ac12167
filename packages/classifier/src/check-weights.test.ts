import { type StateDict, torchShape } from '@residual/blocks';
import { cifarResNetSpec, type ResNetSpec, resnet18Spec, resnet50Spec } from '@residual/resnet';
import { getSpec, listModels } from '@residual/resnet/registry';
import { expect, test } from 'vitest';
import { checkWeights } from './check-weights.ts';
import { variableSpecs } from './variable-specs.ts';

/** The names and shapes of a variant's state dict, without values. */
function shapesOf(
  spec: ResNetSpec,
  numClasses: number,
): Map<string, StateDict extends ReadonlyMap<string, infer T> ? T : never> {
  const data = new Float32Array(0);
  const entries = [...variableSpecs(spec, { numClasses })].map(
    ([
      name,
      {
        spec: { layout, shape },
      },
    ]) => [name, { shape: torchShape(layout, shape), data }] as const,
  );
  return new Map(entries);
}

test.each(listModels())('weights of %s fit it, whatever their number of classes', async (name) => {
  const spec = getSpec(name);
  const { numClasses, report } = await checkWeights(shapesOf(spec, 7), spec, 'w.pth');
  expect(numClasses).toBe(7);
  expect(report).toEqual({ missing: [], unexpected: [], mismatched: [] });
});

test.each(listModels('*50*'))('weights of %s are told from those of resnet18', async (name) => {
  await expect(checkWeights(shapesOf(getSpec(name), 1000), resnet18Spec, 'w.pth')).rejects.toMatchObject({
    code: 'WEIGHTS_MISMATCH',
    fits: [name],
    message: `w.pth: these weights are ${name}'s (1000 classes), not resnet18's; choose the model ${name}`,
  });
});

test('nets that differ only in what has no weights both fit', async () => {
  const dict = shapesOf(cifarResNetSpec(20), 10);
  await expect(checkWeights(dict, resnet50Spec, 'w')).rejects.toMatchObject({ fits: ['resnet20', 'plain20'] });
});

test('num_batches_tracked is no difference', async () => {
  const dict = shapesOf(resnet18Spec, 1000);
  dict.set('bn1.num_batches_tracked', { shape: [], data: BigInt64Array.of(1n) });
  await expect(checkWeights(dict, resnet18Spec, 'w')).resolves.toMatchObject({ numClasses: 1000 });
});

test.each([
  {
    change: 'a filter in the order of tfjs',
    apply: (dict: ReturnType<typeof shapesOf>) =>
      dict.set('conv1.weight', { shape: [7, 7, 3, 64], data: new Float32Array(0) }),
    message:
      'w: these weights do not fit resnet18: conv1.weight: expected [64, 3, 7, 7], got [7, 7, 3, 64], convolution weights being read as OIHW; choose another file',
  },
  {
    change: 'no head',
    apply: (dict: ReturnType<typeof shapesOf>) => dict.delete('fc.weight') && dict.delete('fc.bias'),
    message: 'w: these weights do not fit resnet18: expected fc.weight, got none (and 1 more); choose another file',
  },
  {
    change: 'a head without rows',
    apply: (dict: ReturnType<typeof shapesOf>) => dict.set('fc.weight', { shape: [0, 512], data: new Float32Array(0) }),
    message: 'w: these weights do not fit resnet18: fc.weight: expected [1000, 512], got [0, 512]; choose another file',
  },
])('$change is said', async ({ apply, message }) => {
  const dict = shapesOf(resnet18Spec, 1000);
  apply(dict);
  await expect(checkWeights(dict, resnet18Spec, 'w')).rejects.toMatchObject({ fits: [], message });
});

test('where no variant fits, the nearest is named', async () => {
  const dict = shapesOf(resnet18Spec, 1000);
  dict.delete('layer3.1.bn2.bias');
  await expect(checkWeights(dict, resnet50Spec, 'w')).rejects.toMatchObject({
    message:
      "w: these weights are not resnet50's, but nearest to resnet18's, which they do not fit either: expected layer3.1.bn2.bias, got none; choose another file",
  });
});

test('the state dict of something else is called so', async () => {
  const dict = new Map([['embedding.weight', { shape: [1], data: new Float32Array(1) }]]);
  await expect(checkWeights(dict, resnet18Spec, 'w')).rejects.toThrow(
    'w: expected the state dict of a ResNet, got tensors named embedding.weight; choose another file',
  );
});
