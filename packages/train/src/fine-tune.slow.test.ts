import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { type HostTensor, randomVars, type VarSource } from '@residual/blocks';
import { createModel } from '@residual/resnet/registry';
import { dataPath, expectClose, requirement } from '@residual/testing';
import { IMAGENET_MEAN, IMAGENET_STD, randomFlip, resize } from '@residual/vision';
import { readStateDict } from '@residual/weights';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { tinyOptions } from '../test/tiny.mjs';
import { orderedBatches, shuffledBatches } from './batches.ts';
import type { DataSet } from './data-set.ts';
import { type FineTuneOptions, type FineTuneReport, fineTune } from './fine-tune.ts';
import { readCifar10 } from './node/cifar.ts';
import { cosine } from './schedule.ts';
import { sgd } from './sgd.ts';
import { train } from './train.ts';

describe('a net of four classes', () => {
  let pretrained: Map<string, HostTensor>;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const { stateDict } = await train({ ...tinyOptions(), epochs: 1, initial: randomVars({ seed: 3 }) });
    pretrained = stateDict;
  });
  const { model, data, ...others } = tinyOptions();
  const options: FineTuneOptions = { ...others, epochs: 1, initial: randomVars({ seed: 8 }) };
  const values = (dict: ReadonlyMap<string, HostTensor>, name: string): number[] =>
    Array.from(dict.get(name)!.data as Float32Array);

  test('has a new head; what is frozen, and batch norm, stay as the weights have them', async () => {
    const reports: FineTuneReport[] = [];
    const before = tf.memory().numTensors;
    const { report, stateDict } = await fineTune({ model, weights: pretrained }, data, {
      ...options,
      freeze: ['conv1', 'bn1'],
      onReport: (said) => reports.push(said),
    });
    expect(reports).toEqual([report]);
    expect(report.newTensors).toEqual(['fc.weight', 'fc.bias']);
    expect(report.unused).toEqual(['fc.weight', 'fc.bias']);
    expect(report.frozen).toEqual(['conv1.weight', 'bn1.weight', 'bn1.bias']);
    expect(report.trained).toEqual(['conv2.weight', 'bn2.weight', 'bn2.bias', 'fc.weight', 'fc.bias']);
    for (const name of [...report.frozen, 'bn1.running_mean', 'bn2.running_var'])
      expect(values(stateDict, name)).toEqual(values(pretrained, name));
    for (const name of report.trained) expect(values(stateDict, name)).not.toEqual(values(pretrained, name));
    expect(tf.memory().numTensors).toBe(before);
  });

  test('the backbone can be frozen whole, and batch norm can go on', async () => {
    const { report, stateDict } = await fineTune({ model, weights: pretrained }, data, {
      ...options,
      freeze: 'backbone',
      bn: 'train',
    });
    expect(report.trained).toEqual(['fc.weight', 'fc.bias']);
    expect(values(stateDict, 'bn2.weight')).toEqual(values(pretrained, 'bn2.weight'));
    expect(values(stateDict, 'bn2.running_mean')).not.toEqual(values(pretrained, 'bn2.running_mean'));
  });

  const engines = [
    { engine: native(), present: requirement('native') },
    { engine: tensorflow(), present: requirement('tfjs-node') },
  ];
  for (const { engine, present } of engines) {
    test.skipIf(!present)(`all of it trains on ${engine.name} as on tfjs, with batch norm as it was`, async () => {
      const lossesOn = async (more: Partial<FineTuneOptions>): Promise<number[]> => {
        const losses: number[] = [];
        const onEvent: FineTuneOptions['onEvent'] = (event) => event.kind === 'step' && losses.push(event.loss);
        await fineTune({ model, weights: pretrained }, data, { ...options, ...more, onEvent });
        return losses;
      };
      expectClose(await lossesOn({ engine }), await lossesOn({}), 1e-3, 'losses');
    });
  }

  test('weights of another backbone are refused by the first tensor that differs', async () => {
    const tuned = (weights: ReadonlyMap<string, HostTensor>) => fineTune({ model, weights }, data, options);
    const without = new Map(pretrained);
    without.delete('bn1.bias');
    await expect(tuned(without)).rejects.toThrow('weights: bn1.bias: expected a tensor of the backbone, got none');
    const other = new Map(pretrained).set('conv2.weight', { shape: [1], data: new Float32Array(1) });
    await expect(tuned(other)).rejects.toThrow('weights: conv2.weight: expected [8, 4, 3, 3], got [1]');
    const more = new Map(pretrained).set('conv3.weight', { shape: [1], data: new Float32Array(1) });
    await expect(tuned(more)).rejects.toThrow('weights: conv3.weight: expected a tensor of the model, got this');
    await expect(fineTune({ model, weights: pretrained }, data, { ...options, freeze: ['layer1'] })).rejects.toThrow(
      'groups: layer1: expected a parameter of that name, got none',
    );
  });
});

/** Two dozen pictures of each of CIFAR-10's classes, enlarged for a net of ImageNet's. */
describe.skipIf(!requirement('data') || !requirement('tfjs-node'))('an ImageNet ResNet-18 and 240 pictures', () => {
  const sizePx = 80;

  function few({ classes, read, size }: DataSet, perClass: number): DataSet {
    const seen = new Array<number>(classes.length).fill(0);
    const kept = Array.from({ length: size }, (_, index) => read(index) as { image: never; label: number }).filter(
      ({ label }) => seen[label]!++ < perClass,
    );
    const examples = kept.map(({ image, label }) => ({
      image: resize(image, { width: sizePx, height: sizePx, interpolation: 'bilinear' }),
      label,
    }));
    return { size: examples.length, classes, read: (index) => examples[index]! };
  }

  test('a new head on the frozen backbone beats training from scratch by far', { timeout: 300_000 }, async () => {
    await tfjsNode().use();
    const folder = await mkdtemp(join(tmpdir(), 'residual-tune-'));
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), folder]);
    const parts = {
      train: few(await readCifar10(folder, 'train'), 24),
      test: few(await readCifar10(folder, 'test'), 15),
    };
    await rm(folder, { recursive: true });
    const gzip = readFileSync(dataPath('weights/imagenet_ktb/resnet18_ktb_small.safetensors.gz'));
    const { tensors: weights } = await readStateDict(Uint8Array.from(gunzipSync(gzip)).buffer);

    const pixels = { batchSize: 24, sizePx, mean: IMAGENET_MEAN, std: IMAGENET_STD };
    const data = shuffledBatches(parts.train, { ...pixels, seed: 1, augment: randomFlip() });
    const model = (vars: VarSource) => createModel('resnet18', { vars, numClasses: 10 });
    const options = {
      initial: randomVars({ seed: 1 }),
      epochs: 3,
      optimizer: sgd({ momentum: 0.9, nesterov: true, weightDecay: 1e-4 }),
      evaluation: () => orderedBatches(parts.test, pixels),
      evaluateEvery: 3,
      engine: tensorflow(),
    };
    const rate = (highest: number) => cosine(highest, 3 * data.stepsPerEpoch);
    const tuned = await fineTune({ model, weights }, data, { ...options, schedule: rate(0.05), freeze: 'backbone' });
    const scratch = await train({ ...options, schedule: rate(0.02), model, data });

    expect(tuned.report.newTensors).toEqual(['fc.weight', 'fc.bias']);
    expect(tuned.evaluation!.top1).toBeGreaterThan(50);
    expect(tuned.evaluation!.top1).toBeGreaterThan(scratch.evaluation!.top1 + 20);
  });
});
