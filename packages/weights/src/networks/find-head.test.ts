import { describe, expect, test } from 'vitest';
import { findIn, goldenNames, type Names, namesOf, prefixed } from '../../test/network-names.ts';

const resnet18 = goldenNames().get('torchvision resnet18')!;
const body = new Map([...resnet18].filter(([name]) => !name.startsWith('fc.')));
const join = (...parts: readonly (Names | Readonly<Record<string, readonly number[]>>)[]): Names =>
  new Map(parts.flatMap((part) => (part instanceof Map ? [...part] : Object.entries(part))));
const norm = (name: string, size: number) =>
  Object.fromEntries(['weight', 'bias', 'running_mean', 'running_var'].map((part) => [`${name}.${part}`, [size]]));
const headOf = (names: Names) => {
  const [network] = findIn({ '': names });
  const head = [...namesOf(network!)].filter(([name]) => !body.has(name));
  return { head: Object.fromEntries(head), notes: network!.notes };
};

describe('a head beside the backbone', () => {
  test.each<[string, Record<string, readonly number[]>, Record<string, readonly number[]>]>([
    ['head.fc, mmpretrain', { 'head.fc.weight': [10, 512] }, { 'fc.weight': [10, 512] }],
    ['classifier.1, behind a dropout', { 'classifier.1.weight': [10, 512] }, { 'fc.weight': [10, 512] }],
    [
      'fc1 beside losses and metrics',
      { 'fc1.weight': [10, 512], 'fc1.bias': [10], 'loss_fn.weight': [10], 'val_acc.total': [] },
      { 'fc.weight': [10, 512], 'fc.bias': [10] },
    ],
    [
      'a linear classifier beside a projector, solo-learn',
      { 'classifier.weight': [10, 512], 'projector.0.weight': [2048, 512], 'projector.2.weight': [256, 2048] },
      { 'fc.weight': [10, 512] },
    ],
    [
      'several layers',
      { 'classifier.0.weight': [64, 512], 'classifier.3.weight': [5, 64] },
      { 'fc.0.weight': [64, 512], 'fc.3.weight': [5, 64] },
    ],
  ])('%s', (_, beside, head) => {
    expect(headOf(join(prefixed('backbone.', body), beside)).head).toEqual(head);
  });

  test('in another dict of the file', () => {
    const head = new Map([
      ['weight', [4, 512]],
      ['bias', [4]],
    ]);
    const networks = findIn({ backbone: body, classifier: head });
    expect(networks.map(({ path }) => path)).toEqual(['backbone']);
    expect(networks[0]!.tensors.get('fc.weight')?.shape).toEqual([4, 512]);
  });

  test('numbered children behind a numbered backbone are one head', () => {
    const names = join(prefixed('0.', body), { '2.weight': [64, 512], '4.weight': [3, 64] });
    expect(headOf(names).head).toEqual({ 'fc.2.weight': [64, 512], 'fc.4.weight': [3, 64] });
  });
});

describe('no head, and a note, where another answer would come out', () => {
  test.each<[string, Record<string, readonly number[]>, string]>([
    [
      'a norm between features and classifier, of person re-identification',
      { ...norm('bottleneck', 512), 'classifier.weight': [751, 512] },
      "no head: how classifier and bottleneck work together can't be told",
    ],
    [
      'two tasks',
      { 'fc_age.weight': [1, 512], 'fc_gender.weight': [2, 512] },
      "no head: how fc_age and fc_gender work together can't be told",
    ],
    ['another number of features', { 'fc.weight': [10, 1024] }, 'also has fc; not used'],
    ['layers that have names', { 'head.fc1.weight': [64, 512], 'head.fc2.weight': [5, 64] }, 'also has head; not used'],
  ])('%s', (_, beside, note) => {
    const { head, notes } = headOf(join(prefixed('backbone.', body), beside));
    expect(head).toEqual({});
    expect(notes).toContain(note);
  });

  test('a layer behind the thousand classes', () => {
    const { head, notes } = headOf(join(prefixed('resnet.', resnet18), { 'fc.weight': [10, 1000], 'fc.bias': [10] }));
    expect(head).toEqual({});
    expect(notes).toContain('no head: fc, fc may each be it, or one behind the other');
  });

  test('two heads within', () => {
    const { head, notes } = headOf(join(body, { 'fc.weight': [10, 512], 'linear.weight': [4, 512] }));
    expect(head).toEqual({});
    expect(notes).toEqual(['no head: fc, linear may each be it, or one behind the other']);
  });
});

describe('projection heads of self-supervised training are none', () => {
  const mlp = (name: string) => ({ [`${name}.0.weight`]: [512, 512], [`${name}.2.weight`]: [128, 512] });
  test.each<[string, Names, string]>([
    ['SimCLR: fc of two layers, the first one square', join(body, mlp('fc')), 'also has fc; not used'],
    ['SupCon', join(prefixed('encoder.', body), mlp('head')), 'also has head; not used'],
    [
      'SwAV',
      prefixed('module.', join(body, mlp('projection_head'), { 'prototypes.weight': [3000, 128] })),
      'also has projection_head, prototypes; not used',
    ],
    [
      'MoCo v1, whose projection is one layer',
      join(prefixed('module.encoder_q.', join(body, { 'fc.weight': [128, 512] })), { 'module.queue': [128, 9] }),
      'no head: fc is of self-supervised training',
    ],
    [
      'DINO',
      join(prefixed('backbone.', body), {
        'head.mlp.0.weight': [2048, 512],
        'head.last_layer.weight_g': [65536, 1],
        'head.last_layer.weight_v': [65536, 256],
      }),
      'also has head; not used',
    ],
    [
      'BYOL keeps the network, whose fc nobody trained, under a name of its own too',
      join(prefixed('net.', resnet18), { 'online_predictor.net.0.weight': [4, 4] }),
      'no head: fc is of self-supervised training',
    ],
  ])('%s', (_, names, note) => {
    const { head, notes } = headOf(names);
    expect(head).toEqual({});
    expect(notes).toContain(note);
  });
});
