import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataPath, requirement } from '@residual/testing';
import { describe, expect, test } from 'vitest';
import { findNonFinite, readStateDict } from './index.ts';
import { readStateDictFile } from './node.ts';

describe.skipIf(!requirement('data'))('published files', () => {
  test('CIFAR ResNet-20: the legacy file and torch 1.13’s zip of it hold the same tensors', async () => {
    const legacy = await readStateDictFile(dataPath('weights/akamaster/resnet20-12fca82f.th'));
    const zip = await readStateDictFile(dataPath('weights/akamaster/resnet20_torch113_zip.pt'));
    expect([legacy.format, zip.format]).toEqual(['pytorch-legacy', 'pytorch-zip']);
    expect([legacy.scheme, zip.scheme]).toEqual(['akamaster', 'akamaster']);
    expect(legacy.tensors.size).toBe(97);
    expect([...zip.tensors]).toEqual([...legacy.tensors]);
    expect([legacy.path, legacy.notes]).toEqual(['state_dict.module', ["prefix 'module.' taken off the names"]]);
    expect(legacy.tensors.get('fc.weight')?.shape).toEqual([10, 64]);
  });

  test('CIFAR ResNet-56', async () => {
    const path = dataPath('weights/akamaster/resnet56-4bfd9763.th');
    const { tensors } = await readStateDictFile(path);
    expect(tensors.has('layer3.8.conv2.weight')).toBe(true);
    // Its arrays lie at odd places of the file, which here is a Buffer.
    expect([...(await readStateDict(readFileSync(path))).tensors]).toEqual([...tensors]);
    expect(findNonFinite(tensors)).toBeUndefined();
  });

  test.each([
    ['resnet18_ktb_small', 11_689_512],
    ['resnet50_ktb_large', 25_557_032],
  ] as const)('ImageNet %s in half floats', async (name, parameters) => {
    const packed = readFileSync(dataPath(`weights/imagenet_ktb/${name}.safetensors.gz`));
    const { tensors, scheme, metadata } = await readStateDict(gunzipSync(packed));
    expect({ scheme, source: metadata['source'] }).toEqual({ scheme: 'torchvision', source: name });
    expect(tensors.get('conv1.weight')).toMatchObject({ shape: [64, 3, 7, 7], storedAs: 'float16' });
    let count = 0;
    for (const [key, { data }] of tensors) if (!key.includes('running_')) count += data.length;
    expect(count).toBe(parameters);
  });

  test.each(['resnet18_small_blocks', 'resnet50_large_blocks'])('%s: codebooks keep their names', async (name) => {
    const { tensors } = await readStateDictFile(dataPath(`weights/imagenet_ktb/${name}.pth`));
    expect([...tensors.keys()]).toContain('layer1.0.conv1.centroids');
    expect(tensors.has('layer1.0.conv1.weight')).toBe(false);
  });

  test('a Keras model in safetensors is read under its own names', async () => {
    const { tensors, scheme, notes } = await readStateDictFile(
      dataPath('weights/mlperf_tiny/resnet8_keras_layout.safetensors'),
    );
    expect({ scheme, count: tensors.size }).toEqual({ scheme: 'unknown', count: 48 });
    expect(notes[0]).toMatch(/^names of no known ResNet \(batch_normalization\.beta, /);
  });

  test.each([
    ['weights/imagenet_ktb/resnet18_ktb_small.safetensors.gz', 'got a gzip file'],
    ['weights', 'expected a file, got a folder'],
    ['weights/absent.pth', 'expected a weights file, found none; check the path'],
  ])('%s: %s', async (path, message) => {
    await expect(readStateDictFile(dataPath(path))).rejects.toThrow(`${dataPath(path)}: expected`);
    await expect(readStateDictFile(dataPath(path))).rejects.toThrow(message);
  });

  test('a legacy file cut in the middle of a storage', async () => {
    const cut = readFileSync(dataPath('weights/akamaster/resnet20-12fca82f.th')).subarray(0, 500_000);
    await expect(readStateDict(cut)).rejects.toThrow(
      /^bytes: storage \d+ at byte \d+: expected \d+ bytes, got \d+; the file is cut off/,
    );
  });
});
