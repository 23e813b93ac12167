import { type HostTensor, shapesOnly, torchShape } from '@residual/blocks';
import { cifarResNetSpec, ResNet, type ResNetSpec, resnet18Spec, resnet50Spec } from '@residual/resnet';
import { getSpec, listModels } from '@residual/resnet/registry';
import { describe, expect, test } from 'vitest';
import { chooseModel } from './choose-model.ts';

/** The names and shapes of a variant's state dict, without values. */
function shapesOf(spec: ResNetSpec, numClasses: number): Map<string, HostTensor> {
  const data = new Float32Array(0);
  const { variableSpecs } = new ResNet(spec, { numClasses, vars: shapesOnly });
  return new Map(
    [...variableSpecs].map(([name, { layout, shape }]) => [name, { shape: torchShape(layout, shape), data }]),
  );
}

/** The variant that tensors are taken as which have no name: where several have the same, the most usual. */
function mostUsual(name: string): string {
  if (/^plain(20|32|44|56|110)$/.test(name)) return name.replace('plain', 'resnet');
  return getSpec(name).onlyByName ? name.replace(/^keras_|(?<=resne[tx]t?)(blur|aa)|_maxpool$/, '') : name;
}

/** Its tensors are taken for no variant: they could be another's that lack something. */
function isOnlyNamed(name: string): boolean {
  return name === 'resnet50_gn';
}

describe.each(listModels())('%s', (name) => {
  const dict = shapesOf(getSpec(name), 7);

  test('its weights fit it, whatever their number of classes', async () => {
    const { spec, report } = await chooseModel(dict, { model: name, source: 'w.pth' });
    expect([spec.name, spec.numClasses]).toEqual([name, 7]);
    expect(report).toEqual({ missing: [], unexpected: [], mismatched: [] });
  });

  if (isOnlyNamed(name)) return;
  test('its tensors say that they are its', async () => {
    const { spec, variant } = await chooseModel(dict, { source: 'w.pth' });
    expect([spec.name, variant.name]).toEqual([mostUsual(name), mostUsual(name)]);
  });
});

test.each(listModels('*50*').filter((name) => !isOnlyNamed(name)))(
  'weights of %s are told from those of resnet18',
  async (name) => {
    const usual = mostUsual(name);
    await expect(
      chooseModel(shapesOf(getSpec(name), 1000), { model: resnet18Spec, source: 'w.pth' }),
    ).rejects.toMatchObject({
      code: 'WEIGHTS_MISMATCH',
      fits: [usual],
      message: `w.pth: these weights are ${usual}'s (1000 classes), not resnet18's; choose the model ${usual}`,
    });
  },
);

test('nets that differ only in what has no weights both fit; the first is taken, and the other said', async () => {
  const dict = shapesOf(cifarResNetSpec(20), 10);
  const other = chooseModel(dict, { model: resnet50Spec, source: 'w' });
  await expect(other).rejects.toMatchObject({ fits: ['resnet20', 'plain20'] });
  const { notes } = await chooseModel(dict, { source: 'w' });
  expect(notes).toEqual(['w: taken as resnet20; plain20 would have the same tensors']);
});

test.each(['resnet8', 'resnet14_b', 'resnet1202'])(
  '%s, which is not in the table, is told by its tensors',
  async (name) => {
    const dict = shapesOf(getSpec(name), 10);
    const { spec, variant } = await chooseModel(dict, { source: 'w' });
    expect([spec.name, variant.name]).toEqual([name, name]);
    await expect(chooseModel(dict, { model: resnet18Spec, source: 'w' })).rejects.toMatchObject({
      fits: name.endsWith('_b') ? [name] : [name, name.replace('resnet', 'plain')],
    });
  },
);

test('a whole module tells whether there is max pooling behind the stem', async () => {
  const dict = shapesOf(getSpec('cifar_resnet18'), 10);
  const named = async (stemPool: boolean) => (await chooseModel(dict, { stemPool, source: 'w' })).spec.name;
  expect([await named(false), await named(true)]).toEqual(['cifar_resnet18', 'cifar_resnet18_maxpool']);
  const { spec } = await chooseModel(shapesOf(resnet18Spec, 10), { stemPool: true, source: 'w' });
  expect(spec.name).toBe('resnet18');
});

test("a file's own word decides between those that are alike, whatever its tag", async () => {
  const dict = shapesOf(cifarResNetSpec(20), 10);
  const { spec, notes } = await chooseModel(dict, { stated: 'plain20.mine', source: 'w' });
  expect([spec.name, notes]).toEqual(['plain20', []]);
});

test('a name that the tensors contradict is said, and the tensors are believed', async () => {
  const { spec, notes } = await chooseModel(shapesOf(resnet18Spec, 4), { stated: 'gluon_resnet18_v1b', source: 'w' });
  expect(spec.name).toBe('resnet18');
  expect(notes).toEqual(['w: it says that it is gluon_resnet18_v1b; by its tensors it is resnet18']);
});

const onlyNamed = listModels().filter((name) => getSpec(name).onlyByName);

test('group norm has the tensors of a batch norm without its statistics: only a name tells it', () => {
  expect(onlyNamed).toContain('resnet50_gn');
});

test.each(onlyNamed)(
  '%s, which tensors cannot tell from another, is had by its own word or by its file’s name',
  async (name) => {
    const dict = shapesOf(getSpec(name), 10);
    const stated = await chooseModel(dict, { stated: `${name}.sw_in12k`, source: 'w' });
    const named = await chooseModel(dict, { fileName: `timm_${name}-finetuned.safetensors`, source: 'w' });
    for (const { spec, notes } of [stated, named]) expect([spec.name, notes]).toEqual([name, []]);
  },
);

test('tensors with another architecture’s name are what they are', async () => {
  const { spec, notes } = await chooseModel(shapesOf(resnet18Spec, 4), { stated: 'resnetblur50', source: 'w' });
  expect(spec.name).toBe('resnet18');
  expect(notes).toEqual(['w: it says that it is resnetblur50; by its tensors it is resnet18']);
});

test('a net with group norm, which has the tensors of one with batch norm that was saved without its statistics, is had by its name alone', async () => {
  const dict = shapesOf(getSpec('resnet50_gn'), 10);
  const { spec, notes } = await chooseModel(dict, { stated: 'resnet50_gn.a1h_in1k', source: 'w' });
  expect([spec.name, notes]).toEqual(['resnet50_gn', []]);
  for (const stated of [undefined, 'resnet50.a1_in1k'])
    await expect(chooseModel(dict, { stated, source: 'w' })).rejects.toMatchObject({
      code: 'WEIGHTS_MISMATCH',
      message: expect.stringContaining("batch norm's running statistics are missing (bn1.running_mean and 105 more)"),
    });
});

test.each(['resnetblur26', 'resnetaa26d', 'seresnextaa50_32x4d.sw_in12k'])(
  '%s, which tensors cannot tell from another, and which is not built, is refused by its own word or by its file’s name',
  async (stated) => {
    const named = chooseModel(shapesOf(resnet50Spec, 10), { fileName: `timm_${stated}.safetensors`, source: 'w' });
    await expect(named).rejects.toMatchObject({ code: 'UNSUPPORTED_MODEL' });
    const chosen = chooseModel(shapesOf(resnet50Spec, 10), { stated, source: 'w' });
    await expect(chosen).rejects.toMatchObject({
      code: 'UNSUPPORTED_MODEL',
      message: expect.stringContaining(' is not built here'),
    });
  },
);

test('num_batches_tracked is no difference', async () => {
  const dict = shapesOf(resnet18Spec, 1000);
  dict.set('bn1.num_batches_tracked', { shape: [], data: BigInt64Array.of(1n) });
  await expect(chooseModel(dict, { source: 'w' })).resolves.toMatchObject({ spec: { name: 'resnet18' } });
});

type Dict = ReturnType<typeof shapesOf>;
const none = new Float32Array(0);

test.each([
  {
    has: 'no head',
    apply: (dict: Dict) => dict.delete('fc.weight') && dict.delete('fc.bias'),
    spec: { numClasses: null },
  },
  { has: 'a head without bias', apply: (dict: Dict) => dict.delete('fc.bias'), spec: { numClasses: 1000 } },
  {
    has: 'a head that is a 1×1 convolution',
    apply: (dict: Dict) =>
      dict.set('fc.weight', { shape: [6, 512, 1, 1], data: none }).set('fc.bias', { shape: [6], data: none }),
    spec: { numClasses: 6 },
  },
  {
    has: 'a convolution with a bias',
    apply: (dict: Dict) => dict.set('conv1.bias', { shape: [64], data: none }),
    spec: { convBias: new Set(['conv1']) },
  },
  {
    has: 'grey pictures',
    apply: (dict: Dict) => dict.set('conv1.weight', { shape: [64, 1, 7, 7], data: none }),
    spec: { inChannels: 1 },
  },
])('$has is the tensors’, not the variant’s', async ({ apply, spec }) => {
  const dict = shapesOf(resnet18Spec, 1000);
  apply(dict);
  const chosen = await chooseModel(dict, { source: 'w' });
  expect(chosen.spec).toMatchObject({ name: 'resnet18', ...spec });
});

test.each([
  {
    change: 'a filter in the order of tfjs',
    apply: (dict: Dict) => dict.set('conv1.weight', { shape: [7, 7, 3, 64], data: none }),
    message:
      'nearest resnet18: conv1.weight: expected [64, 3, 7, 7], got [7, 7, 3, 64], convolution weights being read as OIHW',
  },
  {
    change: 'a head without rows',
    apply: (dict: Dict) => dict.set('fc.weight', { shape: [0, 512], data: none }),
    message: 'nearest resnet18: it also has fc.weight and 1 more',
  },
  {
    change: 'a tensor less and one more',
    apply: (dict: Dict) => dict.delete('layer3.1.bn2.bias') && dict.set('layer1.0.gate', { shape: [1], data: none }),
    message: 'nearest resnet18: it lacks layer3.1.bn2.bias; it also has layer1.0.gate',
  },
  {
    change: 'no running statistics',
    apply: (dict: Dict) => [...dict.keys()].filter((name) => name.includes('running')).map((name) => dict.delete(name)),
    message:
      "batch norm's running statistics are missing (bn1.running_mean and 39 more): saved by named_parameters(), or a net that normalises by groups, which has to be named; save model.state_dict()",
  },
  {
    change: 'nothing of a ResNet',
    apply: (dict: Dict) => dict.clear() ?? dict.set('embedding.weight', { shape: [1], data: none }),
    message: 'expected the state dict of a ResNet, got tensors named embedding.weight',
  },
])('$change is said', async ({ apply, message }) => {
  const dict = shapesOf(resnet18Spec, 1000);
  apply(dict);
  await expect(chooseModel(dict, { source: 'w' })).rejects.toMatchObject({
    fits: [],
    message: `w: these weights are of no network that is known here: ${message}`,
  });
  await expect(chooseModel(dict, { model: 'resnet50', source: 'w' })).rejects.toMatchObject({
    message: `w: these weights are not resnet50's: ${message}`,
  });
});
