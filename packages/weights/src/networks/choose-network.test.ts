import { describe, expect, test } from 'vitest';
import { goldenNames, indexOf, type Names, prefixed } from '../../test/network-names.ts';
import { sourceFromBytes } from '../byte-source.ts';
import { chooseNetwork } from './choose-network.ts';

const golden = goldenNames();
const resnet18 = golden.get('torchvision resnet18')!;
const resnet50 = golden.get('torchvision resnet50')!;
const source = sourceFromBytes(new Uint8Array(0), 'file.pth');
const choose = (dicts: Readonly<Record<string, Names>>, entry?: string) => {
  const { path, others, notes } = chooseNetwork(source, indexOf(dicts), entry);
  return { path, others, notes };
};
const under = (...prefixes: readonly string[]) =>
  new Map(prefixes.flatMap((prefix) => [...prefixed(prefix, resnet18)]));

describe('of several networks', () => {
  test.each<[string, Readonly<Record<string, Names>>, string]>([
    ['timm: the average', { state_dict: resnet18, state_dict_ema: resnet18 }, 'state_dict_ema'],
    ['torchvision: the average', { model: resnet18, model_ema: prefixed('module.', resnet18) }, 'model_ema.module'],
    ['one dict with both', { '': under('model.', 'ema_model.') }, 'ema_model'],
    ['stochastic weight averaging', { '': under('model.', 'averaged_model.module.') }, 'averaged_model.module'],
    [
      'MoCo: the query encoder',
      { state_dict: under('module.encoder_k.', 'module.encoder_q.') },
      'state_dict.module.encoder_q',
    ],
    ['BYOL: the online encoder', { '': under('target_encoder.net.', 'online_encoder.net.') }, 'online_encoder.net'],
    ['solo-learn: not the momentum network', { '': under('momentum_backbone.', 'backbone.') }, 'backbone'],
    [
      'DINO: the teacher, the average of a student of the same shapes',
      { student: resnet18, teacher: resnet18 },
      'teacher',
    ],
    ['distillation: the student of another, larger teacher', { teacher: resnet50, student: resnet18 }, 'student'],
    [
      'the one with a head',
      { a: new Map([...resnet50].filter(([name]) => !name.startsWith('fc.'))), b: resnet18 },
      'b',
    ],
    ['the larger one', { a: resnet18, b: resnet50 }, 'b'],
    ['the first of equals', { b: resnet18, a: resnet18 }, 'b'],
  ])('%s', (_, dicts, path) => {
    expect(choose(dicts).path).toBe(path);
  });

  test('a note says which was taken, that it is the average, and what else there is', () => {
    const { others, notes } = choose({ model: resnet18, model_ema: prefixed('module.', resnet18) });
    expect(others).toEqual(['model']);
    expect(notes[0]).toBe('took model_ema.module (EMA) of several; the option entry takes another: model');
  });

  test('an entry chooses by path, the start of it, or a key in it', () => {
    const dicts = { model: resnet18, 'ema.model': prefixed('module.', resnet18), state: under('net.', 'key.net.') };
    expect(choose(dicts, 'model')).toEqual({
      path: 'model',
      others: ['ema.model.module', 'state.net', 'state.key.net'],
      notes: [],
    });
    expect(choose(dicts, 'ema').path).toBe('ema.model.module');
    expect(choose(dicts, 'state').path).toBe('state.net');
    expect(choose(dicts, 'key').path).toBe('state.key.net');
    expect(() => choose(dicts, 'head')).toThrow(
      'file.pth: entry head: expected the path of one network, but none has it; choose from ema.model.module, model, state.net, state.key.net',
    );
    expect(() => choose(dicts, 'net')).toThrow('entry net: expected the path of one network, but several have it');
  });
});

test('the same tensors under two names are one network', () => {
  const index = indexOf({ '': resnet18 });
  const dict = index.stateDicts[0]!;
  const twice = new Map(
    [...dict.tensors].flatMap(([name, entry]) => [
      [`model.${name}`, entry],
      [`net.${name}`, entry],
    ]),
  );
  const chosen = chooseNetwork(
    source,
    { ...index, stateDicts: [{ path: '', tensors: twice as typeof dict.tensors }] },
    undefined,
  );
  expect([chosen.path, chosen.others]).toEqual(['model', []]);
});

test('a file without a residual network gives its largest dict under its own names, without wrappers', () => {
  const large = new Map([
    ['module.a.weight', [1]],
    ['module.b.weight', [1]],
  ]);
  const index = indexOf({ small: new Map([['c', [1]]]), large });
  const chosen = chooseNetwork(source, index, undefined);
  expect([chosen.path, chosen.scheme, [...chosen.tensors.keys()], chosen.others]).toEqual([
    'large',
    'unknown',
    ['a.weight', 'b.weight'],
    ['small'],
  ]);
  expect(chosen.notes).toEqual([
    "prefix 'module.' taken off the names",
    'names of no known ResNet (a.weight, b.weight); they stay as they are',
  ]);
  expect([...chooseNetwork(source, index, 'small').tensors.keys()]).toEqual(['c']);
});
