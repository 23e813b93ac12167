import '@tensorflow/tfjs-backend-cpu';
import { randomVars } from '@residual/blocks';
import { type Engine, EngineError, tfjs } from '@residual/compile';
import { cifarResNet, cifarResNetSpec } from '@residual/resnet';
import { expectClose } from '@residual/testing';
import { cifar, type PixelImage, preprocess } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { createClassifier } from './create-classifier.ts';
import type { PictureExecutable } from './picture-executable.ts';

const spec = cifarResNetSpec(8);
const preset = { ...cifar, resizePx: 8, cropPx: 8 };
const absent: Engine = {
  name: 'absent',
  isAvailable: async () => ({ available: false, reason: 'not on this machine' }),
  compile: () => Promise.reject(new Error('was asked all the same')),
};

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function net(options: Parameters<typeof cifarResNet>[1] = {}) {
  return cifarResNet(8, { vars: randomVars({ seed: 3 }), ...options });
}

async function weights() {
  const model = net();
  const dict = await model.stateDict();
  model.dispose();
  return dict;
}

function picture(seed: number): PixelImage {
  const data = Uint8Array.from({ length: 12 * 9 * 3 }, (_, i) => (i * seed * 37) % 256);
  return { width: 12, height: 9, channels: 3, data };
}

/** tfjs's engine, and the batch sizes that it has compiled. */
function watched() {
  const engine = tfjs();
  const batchSizes: number[] = [];
  const compile: Engine['compile'] = async (...args) => {
    const executable = await engine.compile(...args);
    batchSizes.push(executable.inputs[0]!.shape[0]!);
    return executable;
  };
  return { engine: { ...engine, compile }, batchSizes };
}

/** tfjs's engine, which prepares pictures itself, and how many it got at once. */
function preparingEngine() {
  const engine = tfjs();
  const batches: number[] = [];
  const compile: Engine['compile'] = async (...args) => {
    const executable = await engine.compile(...args);
    const runPictures: PictureExecutable['runPictures'] = (pictures, by, options) => {
      batches.push(pictures.length);
      expect(by).toEqual(preset);
      const rows = (pictures as readonly PixelImage[]).map((one) => [...preprocess(one, by)]);
      return executable.run({ image: Float32Array.from(rows.flat()) }, options);
    };
    return { ...executable, runPictures };
  };
  return { engine: { ...engine, compile }, batches };
}

test('the first engine that can run here serves, with the answers of the model run eagerly', async () => {
  const dict = await weights();
  const eager = await createClassifier({ model: spec, weights: dict, preset });
  const compiled = await createClassifier({ model: spec, weights: dict, preset, engines: [absent, tfjs()] });
  expect(eager.engine).toBeUndefined();
  expect(compiled.engine).toEqual({
    name: 'tfjs',
    device: 'cpu',
    passedOver: [{ name: 'absent', reason: 'not on this machine' }],
    preparesPictures: false,
  });
  const pictures = [1, 2, 3].map(picture);
  const expected = await eager.logits(pictures);
  for (const [index, row] of (await compiled.logits(pictures)).entries()) expectClose(row, expected[index]!, 1e-5);
  await Promise.all([eager.dispose(), compiled.dispose()]);
});

test('batches are of one size, and what is left over goes one by one', async () => {
  const { engine, batchSizes } = watched();
  const dict = await weights();
  const pictures = [1, 2, 3, 4, 5, 6, 7].map(picture);
  const single = await createClassifier({ model: spec, weights: dict, preset, engines: [engine] });
  expect(single.batchSize).toBe(1);
  const expected = await single.logits(pictures);
  const classifier = await createClassifier({ model: spec, weights: dict, preset, engines: [engine], batchSize: 3 });
  const inputs = pictures.map((image) => classifier.prepare(image));
  const all = await classifier.forward(inputs);
  await classifier.forward(inputs);
  expect(batchSizes).toEqual([1, 3, 1]);
  for (const [index, row] of all.entries()) expectClose(row, expected[index]!, 1e-5, `${index}`);
  await single.dispose();
  await classifier.dispose();
});

test('an engine that prepares pictures gets them as they are, in batches, with the answers of one that does not', async () => {
  const { engine: preparing, batches } = preparingEngine();
  const dict = await weights();
  const usual = await createClassifier({ model: spec, weights: dict, preset, engines: [tfjs()] });
  const other = await createClassifier({ model: spec, weights: dict, preset, engines: [preparing], batchSize: 3 });
  expect(other.engine).toMatchObject({ preparesPictures: true });
  const pictures = [1, 2, 3, 4, 5].map(picture);
  const expected = await usual.logits(pictures);
  for (const [index, row] of (await other.logits(pictures)).entries()) expectClose(row, expected[index]!, 1e-5);
  expect(batches).toEqual([3, 1, 1]);
  const prepared = pictures.map((image) => other.prepare(image));
  for (const [index, row] of (await other.forward(prepared)).entries()) expectClose(row, expected[index]!, 1e-5);
  expect(batches).toHaveLength(3);
  const aborted = { signal: AbortSignal.abort(new Error('enough')) };
  await expect(other.classify(pictures, aborted)).rejects.toThrow('enough');
  const asked = other.classify(pictures);
  await other.dispose();
  await expect(asked).rejects.toThrow('the classifier is disposed');
  expect(batches).toHaveLength(3);
  await usual.dispose();
});

test('of a batch of many pictures, no more than four are in memory at full size, whoever prepares them', async () => {
  const { engine, batches } = preparingEngine();
  const dict = await weights();
  const usual = await createClassifier({ model: spec, weights: dict, preset, engines: [tfjs()] });
  const other = await createClassifier({ model: spec, weights: dict, preset, engines: [engine], batchSize: 5 });
  const pictures = [1, 2, 3, 4, 5, 6].map(picture);
  const expected = await usual.logits(pictures);
  for (const [index, row] of (await other.logits(pictures)).entries()) expectClose(row, expected[index]!, 1e-5);
  // Five are prepared here, four at a time; the sixth goes as it is.
  expect(batches).toEqual([1]);
  await Promise.all([usual.dispose(), other.dispose()]);
});

test('what is left over goes in halves of a batch where that is asked for, with the same numbers', async () => {
  const { engine, batchSizes } = watched();
  const classifier = await createClassifier({
    model: spec,
    weights: await weights(),
    preset,
    engines: [engine],
    batchSize: 6,
  });
  const inputs = [1, 2, 3, 4, 5].map((seed) => classifier.prepare(picture(seed)));
  const oneByOne = await classifier.forward(inputs);
  const inHalves = await classifier.forward(inputs, { halves: true });
  for (const [row, logits] of inHalves.entries()) expectClose(logits, oneByOne[row]!, 1e-5, `${row}`);
  expect(batchSizes).toEqual([6, 1, 3, 2]);
  const inTwos = await classifier.forward(inputs, { batchSize: 2 });
  for (const [row, logits] of inTwos.entries()) expectClose(logits, oneByOne[row]!, 1e-5, `${row}`);
  expect(batchSizes).toEqual([6, 1, 3, 2]);
  await expect(classifier.forward(inputs, { batchSize: 0 })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  await classifier.dispose();
});

test('a model that is passed in is compiled with its own options, and is trained on without a trace', async () => {
  const model = net({ outputStride: 8, numClasses: 4 });
  const eager = await createClassifier({ model, preset });
  const compiled = await createClassifier({ model, preset, engines: [tfjs()] });
  const expected = await eager.logits([picture(1)]);
  expectClose((await compiled.logits([picture(1)]))[0]!, expected[0]!, 1e-5);
  expect(compiled.model).toBe(model);
  for (const variable of model.variables.values()) (variable as tf.Variable).assign(tf.zerosLike(variable));
  expectClose((await compiled.logits([picture(1)]))[0]!, expected[0]!, 1e-5);
  await compiled.dispose();
  expect(model.variables.get('fc.bias')!.isDisposed).toBe(false);
  model.dispose();
});

test('a released model is gone once it is compiled, and can be had again', async () => {
  const model = net();
  const expected = await (await createClassifier({ model, preset })).logits([picture(1)]);
  const compiled = await createClassifier({ model, preset, engines: [tfjs()], release: true });
  expect(model.variables.get('fc.bias')!.isDisposed).toBe(true);
  expectClose((await compiled.logits([picture(1)]))[0]!, expected[0]!, 1e-5);
  const again = await createClassifier({ model: compiled.model, preset });
  expectClose((await again.logits([picture(1)]))[0]!, expected[0]!, 1e-5);
  await compiled.dispose();
});

test('weights are compiled without a model, which is built when it is asked for; dispose frees everything', async () => {
  const dict = await weights();
  const before = tf.memory().numTensors;
  const classifier = await createClassifier({ model: spec, weights: dict, preset, engines: [tfjs()], batchSize: 2 });
  expect(tf.memory().numTensors - before).toBeLessThan(classifierVariables());
  for (let run = 0; run < 5; run++) await classifier.classify([picture(1), picture(2), picture(3)]);
  expect(await classifier.model.stateDict()).toEqual(dict);
  await classifier.dispose();
  await classifier.dispose();
  expect(tf.memory().numTensors).toBe(before);
  expect(() => classifier.model).toThrow('the classifier is disposed');
});

test('a run is cancelled while it waits and while it computes, and the next one answers', async () => {
  const classifier = await createClassifier({ model: spec, weights: await weights(), preset, engines: [tfjs()] });
  const inputs = [1, 2, 3, 4].map((seed) => classifier.prepare(picture(seed)));
  const controller = new AbortController();
  const run = classifier.forward(inputs, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(run).rejects.toThrow('enough');
  expect(await classifier.forward(inputs)).toHaveLength(4);
  await classifier.dispose();
});

test('what no engine can serve is refused in a line', async () => {
  const options = { model: spec, weights: await weights(), preset };
  await expect(createClassifier({ ...options, engines: [absent] })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('absent (not on this machine)'),
  });
  await expect(createClassifier({ ...options, engines: [tfjs()], batchSize: 0 })).rejects.toThrow(
    'batchSize: expected a whole number from 1, got 0',
  );
});

/** tfjs's engine with memory for only so many pictures at once: compiling, or running, more is refused. */
function narrow(most: { compile: number; run: number }): Engine {
  const engine = tfjs();
  const refuse = () => new EngineError('UNAVAILABLE', 'narrow', 'narrow: too little memory');
  return {
    ...engine,
    name: 'narrow',
    async compile(graph, ...rest) {
      const [batchSize] = graph.values[graph.inputs.find(({ name }) => name === 'image')!.value]!.shape;
      if (batchSize! > most.compile) throw refuse();
      const executable = await engine.compile(graph, ...rest);
      const run: typeof executable.run = (...args) =>
        batchSize! > most.run ? Promise.reject(refuse()) : executable.run(...args);
      return { ...executable, run };
    },
  };
}

test.each([
  { compile: 8, run: 8 },
  { compile: 3, run: 8 },
  { compile: 8, run: 3 },
  { compile: 1, run: 1 },
])('batches split until they fit in memory: $compile compiled, $run run', async (most) => {
  const dict = await weights();
  const pictures = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(picture);
  const eager = await createClassifier({ model: spec, weights: dict, preset });
  const expected = await eager.logits(pictures);
  const classifier = await createClassifier({
    model: spec,
    weights: dict,
    preset,
    engines: [narrow(most)],
    batchSize: 8,
  });
  const rows = await classifier.logits(pictures);
  expect(rows).toHaveLength(9);
  for (const [index, row] of rows.entries()) expectClose(row, expected[index]!, 1e-5);
  await Promise.all([eager.dispose(), classifier.dispose()]);
});

function classifierVariables(): number {
  const model = net();
  const { size } = model.variables;
  model.dispose();
  return size;
}
