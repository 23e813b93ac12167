import { native, tfjsNode } from '@residual/backend-node';
import { createClassifier } from '@residual/classifier';
import type { Engine } from '@residual/compile';
import { getSpec } from '@residual/resnet/registry';
import { dataPath, relativeError, requirement } from '@residual/testing';
import { imagenet1kV1, preprocess } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { describe, expect, test } from 'vitest';
import { expectedAnswers } from './real-data.ts';
import { trainedLike } from './trained-like.ts';

/** Gates, an average before a convolution, norms before convolutions. */
const names = ['seresnet50', 'resnet50d', 'resnetv2_50'];

const preset = { ...imagenet1kV1, resizePx: 128, cropPx: 112 };

describe.skipIf(!requirement('data') || !requirement('native') || !requirement('tfjs-node'))('fewer digits', () => {
  test.each(names)(
    '%s names what float32 names on 13 of 14 photographs at least',
    { timeout: 300_000 },
    async (name) => {
      const files = expectedAnswers().map(({ file }) => dataPath('imagenet/images', file));
      const pictures = await Promise.all(files.map(async (file) => preprocess(await decodeImage(file), preset)));
      await tfjsNode().use();
      const weights = await trainedLike(getSpec(name), pictures, preset.cropPx);
      const answersOn = async (engine: Engine): Promise<Float32Array[]> => {
        const classifier = await createClassifier({ model: name, weights, preset, engines: [engine] });
        const rows = await classifier.forward(pictures);
        await classifier.dispose();
        return rows;
      };
      const exact = await answersOn(native());
      expect(exact.map(largest)).toEqual(pictures.map((_, index) => index));
      for (const precision of ['bf16', 'int8'] as const) {
        const calibration = pictures.map((image) => ({ image }));
        const rows = await answersOn(native({ precision, calibration })).catch(onlyUnavailable);
        if (!rows) continue;
        const agreeing = rows.filter((row, index) => largest(row) === index).length;
        const difference = Math.max(...rows.map((row, index) => relativeError(row, exact[index]!)));
        console.log(
          `${name} in ${precision}: as float32 on ${agreeing} of 14; logits differ by ${difference.toFixed(3)}`,
        );
        expect(agreeing, precision).toBeGreaterThanOrEqual(13);
      }
    },
  );
});

function largest(row: Float32Array): number {
  return row.indexOf(Math.max(...row));
}

/** A CPU without the instructions for a precision says so. */
function onlyUnavailable(error: unknown): undefined {
  expect(error).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('expected a CPU with') });
}
