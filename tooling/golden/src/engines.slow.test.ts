import { native } from '@residual/backend-node';
import { type Classifier, createClassifier } from '@residual/classifier';
import type { Engine } from '@residual/compile';
import { dataPath, expectClose, requirement } from '@residual/testing';
import { imagenet1kV1, preprocess } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { readStateDict } from '@residual/weights';
import { describe, expect, test } from 'vitest';
import { engines } from './engines.ts';
import { expectedAnswers, imagenetModels, imagenetWeights, referenceRows } from './real-data.ts';

/** Engines that trade digits for speed. */
const reducedEngines: readonly { title: string; start: (calibration: CalibrationInputs) => Engine }[] = [
  { title: 'native in bf16', start: () => native({ precision: 'bf16' }) },
  { title: 'native in int8', start: (calibration) => native({ precision: 'int8', calibration }) },
];

type CalibrationInputs = readonly Readonly<Record<string, Float32Array>>[];

async function classifierOn(engine: Engine, { name, file }: (typeof imagenetModels)[number]): Promise<Classifier> {
  const weights = await readStateDict(imagenetWeights(file));
  return createClassifier({ model: name, weights, engines: [engine] });
}

describe.skipIf(!requirement('data'))('real photographs', () => {
  for (const { title, present, compilesSlowly, tolerance, start } of engines) {
    // Photographs in float16 are in webgpu-half.slow.test.ts.
    if (compilesSlowly || tolerance !== undefined) continue;
    // A driver on the CPU takes seconds for a picture.
    const crops = title === 'webgpu on swiftshader' ? 4 : 14;
    test.skipIf(!present).each(imagenetModels)(
      `$name on ${title}: torch's classes, its probabilities within 2e-3, and its logits of ${crops} crops within 1e-4`,
      { timeout: 900_000 },
      async (model) => {
        const classifier = await classifierOn(await start(), model);
        try {
          const answers = expectedAnswers();
          const reference = referenceRows(`imagenet_images_${model.file}_logits_14x1000.f32`, 1000);
          const ofCrops = { ...imagenet1kV1, resizePx: 224 };
          expect(classifier.preset.cropPx).toBe(ofCrops.cropPx);
          for (const [index, answer] of answers.entries()) {
            const top = await classifier.classify(await decodeImage(dataPath('imagenet/images', answer.file)));
            const { top5, prob } = answer[model.file] as { top5: number[]; prob: number[] };
            expect(top[0]!.index, answer.file).toBe(top5[0]);
            for (const [rank, probability] of prob.entries())
              expect(Math.abs(top[rank]!.score - probability), `${answer.file} ${rank}`).toBeLessThan(2e-3);

            if (index >= crops) continue;
            const crop = dataPath('imagenet/images/crops224', answer.file.replace(/\.\w+$/, '.png'));
            // A crop has the network's size already: nothing is resized.
            const [logits] = await classifier.forward([preprocess(await decodeImage(crop), ofCrops)]);
            expectClose(logits!, reference[index]!, 1e-4, answer.file);
          }
        } finally {
          await classifier.dispose();
        }
      },
    );
  }

  describe.skipIf(!requirement('native'))('with fewer digits', () => {
    for (const { title, start } of reducedEngines) {
      test.each(imagenetModels)(`$name ${title} names what float32 names on 13 of the 14 at least`, async (model) => {
        const exact = await classifierOn(native(), model);
        const images = await Promise.all(
          expectedAnswers().map(({ file }) => decodeImage(dataPath('imagenet/images', file))),
        );
        const calibration = images.map((image) => ({ image: exact.prepare(image) }));
        const expected = await exact.classify(images);
        await exact.dispose();
        const reduced = await classifierOn(start(calibration), model).catch(onlyUnavailable);
        if (!reduced) return;
        const found = await reduced.classify(images);
        await reduced.dispose();
        const agreeing = found.filter((top, index) => top[0]!.index === expected[index]![0]!.index);
        console.log(`${model.name} ${title}: as float32 on ${agreeing.length} of ${found.length} photographs`);
        expect(agreeing.length).toBeGreaterThanOrEqual(13);
      });
    }
  });
});

/** A CPU without the instructions for a precision says so. */
function onlyUnavailable(error: unknown): undefined {
  expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('expected a CPU with') });
}
