import { readFileSync } from 'node:fs';
import { webgpu } from '@residual/backend-webgpu';
import { type Classifier, createClassifier } from '@residual/classifier';
import { dataPath, expectClose, requirement } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import { imagenet1kV1, preprocess } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { readStateDict } from '@residual/weights';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildArchitecture } from './architectures.ts';
import { expectEngineLogits } from './engine-logits.ts';
import { readGoldens } from './network-goldens.ts';
import { cifar10, expectedAnswers, imagenetModels, imagenetWeights, referenceRows } from './real-data.ts';

/** All test pictures take half an hour: `RESIDUAL_CIFAR10_COUNT=10000`. */
const count = Number(process.env['RESIDUAL_CIFAR10_COUNT'] ?? 100);

const goldens = readGoldens('architectures.json');

/** Every kind of block, gates, averages before convolutions, and batches. */
const titles = [
  'resnet50d at 75x91',
  'seresnet50 at 75x91',
  'resnetv2_50, outputStride 8 at 75x91',
  'cifar_preact_resnet18 at 32x40',
  'resnet18, hardswish at 75x91',
  'resnet18, head of two layers at 64x80',
];

function largest(row: Float32Array): number {
  return row.indexOf(Math.max(...row));
}

describe.skipIf(!requirement('lavapipe'))('float16 on lavapipe', { timeout: 600_000 }, () => {
  beforeAll(() => provideWebgpu('lavapipe'));

  test.each(titles)("%s gives PyTorch's logits within 5e-3 of the largest", (title) =>
    expectEngineLogits(webgpu({ precision: 'fp16' }), title, goldens[title]!, buildArchitecture, 5e-3),
  );

  describe.skipIf(!requirement('data'))('with published weights', () => {
    test.each(imagenetModels)(
      '$name names what torch names on 14 photographs, by logits within 5e-3 of the largest',
      async ({ name, file }) => {
        const answers = expectedAnswers();
        const pictures = await Promise.all(
          answers.map(({ file }) => decodeImage(dataPath('imagenet/images/crops224', file.replace(/\.\w+$/, '.png')))),
        );
        const weights = await readStateDict(imagenetWeights(file));
        const classifier = await createClassifier({ model: name, weights, engines: [webgpu({ precision: 'fp16' })] });
        const ofCrops = { ...imagenet1kV1, resizePx: 224 };
        const rows = await classifier.forward(pictures.map((picture) => preprocess(picture, ofCrops)));
        await classifier.dispose();
        const wanted = answers.map((answer) => (answer[file] as { readonly top5: number[] }).top5[0]);
        expect(rows.map(largest)).toEqual(wanted);
        const reference = referenceRows(`imagenet_images_${file}_logits_14x1000.f32`, 1000);
        for (const [index, row] of rows.entries()) expectClose(row, reference[index]!, 5e-3, answers[index]!.file);
      },
    );

    test(`resnet56 is within 0.3 points of float32 over CIFAR-10 (${count} pictures)`, {
      timeout: 3_600_000,
    }, async () => {
      const pictures = cifar10()('test_batch', count);
      const weights = await readStateDict(readFileSync(dataPath('weights/akamaster/resnet56-4bfd9763.th')));
      const correctIn = async (precision: 'fp32' | 'fp16'): Promise<{ correct: number; ms: number }> => {
        const engines = [webgpu({ precision })];
        const classifier: Classifier = await createClassifier({ model: 'resnet56', weights, engines, batchSize: 50 });
        let correct = 0;
        const beginMs = performance.now();
        for (let start = 0; start < count; start += 500) {
          const some = pictures.slice(start, start + 500);
          const rows = await classifier.forward(some.map(({ image }) => classifier.prepare(image)));
          correct += rows.filter((row, index) => largest(row) === some[index]!.label).length;
        }
        await classifier.dispose();
        return { correct, ms: performance.now() - beginMs };
      };
      const [exact, half] = [await correctIn('fp32'), await correctIn('fp16')];
      const said = [exact, half].map(({ correct, ms }) => `${correct} in ${(ms / 1000).toFixed(0)} s`);
      console.log(`resnet56 on ${count} pictures: fp32 ${said[0]}, fp16 ${said[1]}`);
      expect(exact.correct / count).toBeGreaterThan(0.9);
      expect(Math.abs(half.correct - exact.correct) / count).toBeLessThanOrEqual(0.003);
    });
  });
});
