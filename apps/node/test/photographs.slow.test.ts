import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { tfjsNode } from '@residual/backend-node';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { createClassifier } from '@residual/classifier';
import { useFirstTfjsBackend } from '@residual/compile';
import { dataPath, expectClose, requirement } from '@residual/testing';
import { imagenet1kV1 } from '@residual/vision';
import { decodeImage } from '@residual/vision/node';
import { readStateDict } from '@residual/weights';
import { describe, expect, test } from 'vitest';
import { floats, imagenetModels, imagenetWeights, temporaryFolder } from './fixtures.ts';
import { residual } from './run-command.ts';

interface Expected {
  readonly file: string;
  readonly [model: string]: { top5: number[]; prob: number[] } | string;
}

interface Line {
  readonly file: string;
  readonly top: { index: number; label: string; score: number }[];
  readonly engine: string;
  readonly ms: number;
  readonly logits: number[];
}

const devices = ['tfjs-node', 'tfjs-wasm'] as const;

function expectedAnswers(): Expected[] {
  return JSON.parse(readFileSync(dataPath('imagenet/images/expected.json'), 'utf8')).images;
}

describe.skipIf(!requirement('data'))('photographs, against torch 1.13 and Pillow', () => {
  for (const device of devices) {
    test.skipIf(device === 'tfjs-node' && !requirement('tfjs-node')).each(imagenetModels)(
      `classify gives $name's classes and probabilities on ${device}`,
      async ({ name, file }) => {
        const weights = join(temporaryFolder(), `${name}.safetensors`);
        writeFileSync(weights, imagenetWeights(file));
        const images = expectedAnswers();
        const paths = images.map((image) => dataPath('imagenet/images', image.file));
        const flags = ['--model', name, '--weights', weights, '--device', device, '--json', '--logits'];

        const { exitCode, stdout, said } = await residual(['classify', ...paths, ...flags]);

        expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
        const lines: Line[] = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        expect(lines.map((line) => basename(line.file))).toEqual(images.map((image) => image.file));
        for (const [index, { top, engine, ms, logits }] of lines.entries()) {
          const want = images[index]![file] as { top5: number[]; prob: number[] };
          expect(top[0]!.index, images[index]!.file).toBe(want.top5[0]);
          for (const [rank, probability] of want.prob.entries())
            expect(Math.abs(top[rank]!.score - probability), `${images[index]!.file} ${rank}`).toBeLessThan(2e-3);
          expect(engine).toBe(device);
          expect(ms).toBeGreaterThan(0);
          expect(logits).toHaveLength(1000);
        }
      },
    );

    test.skipIf(device === 'tfjs-node' && !requirement('tfjs-node')).each(imagenetModels)(
      `on the crops $name's logits are torch's within 1e-4 of the largest on ${device}`,
      async ({ name, file, logits }) => {
        await useFirstTfjsBackend([device === 'tfjs-node' ? tfjsNode() : tfjsWasm()]);
        const weights = await readStateDict(imagenetWeights(file));
        const preset = { ...imagenet1kV1, resizePx: 224 };
        const classifier = await createClassifier({ model: name, weights, preset });
        const crops = await Promise.all(
          expectedAnswers().map((image) =>
            decodeImage(dataPath('imagenet/images/crops224', image.file.replace(/\.\w+$/, '.png'))),
          ),
        );
        const rows = await classifier.logits(crops);
        classifier.dispose();
        const reference = floats(dataPath('reference', logits));
        for (const [index, row] of rows.entries())
          expectClose(row, reference.subarray(index * 1000, (index + 1) * 1000), 1e-4, `crop ${index}`);
      },
    );
  }
});
