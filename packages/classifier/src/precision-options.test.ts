import '@tensorflow/tfjs-backend-cpu';
import { randomVars } from '@residual/blocks';
import { type CompileOptions, type Engine, EngineError, tfjs } from '@residual/compile';
import { cifarResNet, cifarResNetSpec } from '@residual/resnet';
import { cifar, type PixelImage } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createClassifier } from './create-classifier.ts';

const preset = { ...cifar, resizePx: 8, cropPx: 8 };
const picture: PixelImage = { width: 9, height: 9, channels: 3, data: new Uint8Array(243).fill(77) };

beforeAll(async () => {
  await tf.setBackend('cpu');
});

async function options() {
  const model = cifarResNet(8, { vars: randomVars({ seed: 3 }) });
  const weights = await model.stateDict();
  model.dispose();
  return { model: cifarResNetSpec(8), weights, preset };
}

/** tfjs's engine under another name, and what it was asked for. */
function willing() {
  const engine = tfjs();
  const asked: (CompileOptions | undefined)[] = [];
  const compile: Engine['compile'] = (graph, weights, compileOptions) => {
    asked.push(compileOptions);
    return engine.compile(graph, weights);
  };
  return { engine: { ...engine, name: 'willing', compile }, asked };
}

test('the engine is asked for the precision, with pictures as the network takes them, whenever it compiles', async () => {
  const { engine, asked } = willing();
  const given = await options();
  const plain = await createClassifier(given);
  const prepared = plain.prepare(picture);
  const calibration = [picture, prepared];
  const reduced = { precision: 'int8', calibration, percentile: 99.9, engines: [engine], batchSize: 2 } as const;
  const classifier = await createClassifier({ ...given, ...reduced });
  await classifier.classify([picture]);
  expect(asked.map((one) => [one?.precision, one?.percentile])).toEqual(Array(2).fill(['int8', 99.9]));
  expect(asked[0]!.calibration).toBe(asked[1]!.calibration);
  expect(await asked[0]!.calibration!()).toEqual([{ image: prepared }, { image: prepared }]);
  await Promise.all([plain.dispose(), classifier.dispose()]);
});

test('an engine that has not the precision is passed over, and where none has it, that is an error', async () => {
  const { engine } = willing();
  const given = await options();
  const classifier = await createClassifier({ ...given, precision: 'bf16', engines: [tfjs(), engine] });
  const reason = 'precision: expected fp32, which is all that tfjs computes in, got bf16';
  expect(classifier.engine).toMatchObject({ name: 'willing', passedOver: [{ name: 'tfjs', reason }] });
  await classifier.dispose();
  const none = createClassifier({ ...given, precision: 'bf16', engines: [tfjs()] });
  await expect(none).rejects.toSatisfy(EngineError.isInstance);
});

test('what does not go together is refused in a line', async () => {
  const given = { ...(await options()), engines: [willing().engine] };
  const bad = (more: object) => createClassifier({ ...given, ...more });
  await expect(bad({ precision: 'int4' })).rejects.toThrow('precision: expected fp32, fp16, bf16 or int8, got int4');
  await expect(bad({ precision: 'int8' })).rejects.toThrow('calibration: expected pictures, by which int8 finds');
  await expect(bad({ precision: 'bf16', engines: [] })).rejects.toThrow('precision: expected engines beside it');
  const { engine, asked } = willing();
  const classifier = await bad({ precision: 'int8', calibration: [], engines: [engine] });
  await expect(asked[0]!.calibration!()).rejects.toThrow('calibration: expected at least one picture');
  await classifier.dispose();
});
