import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import '@tensorflow/tfjs-backend-wasm';
import { dataPath, requirement } from '@residual/testing';
import type { ImagenetClass } from '@residual/vision/imagenet';
import { readStateDict } from '@residual/weights';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Classifier } from '../classifier.ts';
import { createClassifier } from '../create-classifier.ts';
import type { Heatmap } from './explanation.ts';

/** The object, and where it is in the crop of 224 × 224: left, top, right, bottom. */
const objects: [string, ImagenetClass, [number, number, number, number]][] = [
  ['bird.png', 'chickadee', [0, 45, 150, 200]],
  ['camera_gray.png', 'tripod', [100, 50, 180, 224]],
  ['cat.png', 'Egyptian Mau', [45, 10, 200, 224]],
  ['cat_720p.jpg', 'Egyptian Mau', [45, 10, 200, 224]],
  ['cat_progressive.jpg', 'Egyptian Mau', [0, 5, 215, 224]],
  ['coffee.png', 'espresso', [25, 0, 190, 190]],
  ['dragonfly.png', 'dragonfly', [35, 70, 180, 190]],
  ['hot_dog.jpg', 'hot dog', [0, 20, 224, 145]],
  ['hotdog_square.png', 'hot dog', [10, 30, 224, 215]],
  ['owl.jpg', 'great grey owl', [60, 0, 165, 200]],
  ['parrot.jpg', 'macaw', [60, 0, 210, 180]],
  ['poodle.png', 'Standard Poodle', [25, 60, 224, 224]],
];

const networks = [
  { name: 'resnet18', file: 'resnet18_ktb_small' },
  { name: 'resnet50', file: 'resnet50_ktb_large' },
] as const;

function peakOf({ width, data }: Heatmap): [number, number] {
  const at = data.indexOf(data.reduce((most, value) => Math.max(most, value)));
  return [at % width, Math.floor(at / width)];
}

describe.skipIf(!requirement('data')).each(networks)('on photographs $name looks at the object', ({ name, file }) => {
  let classifier: Classifier;
  beforeAll(async () => {
    await tf.setBackend('wasm');
    const bytes = gunzipSync(readFileSync(dataPath('weights/imagenet_ktb', `${file}.safetensors.gz`)));
    classifier = await createClassifier({ model: name, weights: await readStateDict(bytes) });
    return () => classifier.dispose();
  });

  test.each(objects)('%s: %s', async (picture, target, [left, top, right, bottom]) => {
    const path = dataPath('imagenet/images', picture);
    for (const method of ['grad-cam', 'grad-cam++'] as const) {
      const { heatmap } = await classifier.explain(path, { target, method });
      const [x, y] = peakOf(heatmap);
      expect([x >= left, x < right, y >= top, y < bottom], `${method} at ${x}, ${y}`).toEqual([true, true, true, true]);
    }
  });
});
