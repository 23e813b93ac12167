import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { tfjsNode } from '@residual/backend-node';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { planFile } from '@residual/backend-webgpu/plan-file';
import { loadPlan } from '@residual/backend-webgpu/runtime';
import { fromTorch, torchShape } from '@residual/blocks';
import { bind, type Graph, optimize, traceModel, weightsFrom } from '@residual/compile';
import { onnxModel } from '@residual/compile/onnx';
import { savedModel } from '@residual/compile/saved-model';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { deterministicPicture, deterministicTensor, expectClose, requirement } from '@residual/testing';
import { provideWebgpu } from '@residual/testing/dawn';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web';
import { beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';

/** What is used here of tfjs-node, a dependency of @residual/backend-node. */
interface TfjsNodeLoader {
  readonly node: {
    loadSavedModel(path: string): Promise<{ predict(inputs: object): object; dispose(): void }>;
  };
}

const SIZE = 32;
const CLASSES = 7;
const TOLERANCE = 1e-5;
const pictures = deterministicPicture([2, SIZE, SIZE, 3]);

/** One of each kind of block, in two stages. */
const names = [
  'seresnet50',
  'resnetv2_50',
  'resnet50d',
  'ecaresnet50t',
  'res2net50_26w_4s',
  'skresnet18',
  'resnest26d',
  'resnetv2_50d_gn',
  'resnetblur50',
];

/** Those that are run on WebGPU too, where compiling the shaders takes seconds. */
const planned = ['seresnet50', 'resnetv2_50', 'resnet50d'];

/** A network's graph of one picture with its weights bound, and what the network itself says of both. */
async function smallNetwork(name: string): Promise<{ graph: Graph; logits: Float32Array }> {
  await tfjsWasm().use();
  const spec = { ...getSpec(name), depths: [2, 1], numClasses: CLASSES };
  const model = new ResNet(spec, {
    vars: (path, { shape, layout, trainable }) => {
      const torch = torchShape(layout, shape);
      const data = fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) });
      return tf.tidy(() => tf.variable(tf.tensor(data, shape), trainable));
    },
  });
  const answer = tf.tidy(() => model.forward(tf.tensor4d(pictures, [2, SIZE, SIZE, 3])));
  const logits = (await answer.data()) as Float32Array;
  answer.dispose();
  const traced = await traceModel(model, { endpoints: ['logits'], sizePx: SIZE });
  const graph = bind(optimize(traced), await weightsFrom(model.variables));
  model.dispose();
  return { graph, logits };
}

describe.each(names)('a small %s', (name) => {
  let graph: Graph;
  let logits: Float32Array;
  beforeAll(async () => {
    ({ graph, logits } = await smallNetwork(name));
  });

  test('says something of each picture', () => {
    expect(logits).toHaveLength(2 * CLASSES);
    expect(new Set(logits).size).toBe(2 * CLASSES);
  });

  test('answers in ONNX Runtime as the model does, for any batch', async () => {
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(Buffer.concat(onnxModel(graph).chunks));
    const planar = tf.tidy(() => tf.transpose(tf.tensor4d(pictures, [2, SIZE, SIZE, 3]), [0, 3, 1, 2]).dataSync());
    const answer = await session.run({ image: new ort.Tensor(planar as Float32Array, [2, 3, SIZE, SIZE]) });
    expectClose(answer['logits']!.data as Float32Array, logits, TOLERANCE);
    await session.release();
  });

  test.skipIf(!requirement('tfjs-node'))('answers in TensorFlow as the model does, for any batch', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'saved_model.pb'), Buffer.concat(savedModel(graph).chunks));
    await tfjsNode().use();
    const require = createRequire(createRequire(import.meta.url).resolve('@residual/backend-node'));
    const { node } = require('@tensorflow/tfjs-node') as TfjsNodeLoader;
    const saved = await node.loadSavedModel(folder);
    const image = tf.tensor4d(pictures, [2, SIZE, SIZE, 3]);
    const answer = (saved.predict({ image }) as Record<string, tf.Tensor>)['logits']!;
    expectClose((await answer.data()) as Float32Array, logits, TOLERANCE);
    tf.dispose([image, answer]);
    saved.dispose();
  });

  if (!planned.includes(name)) return;
  test.skipIf(!requirement('webgpu'))('answers on WebGPU as the model does, from a plan', async () => {
    await provideWebgpu();
    const plan = await loadPlan(Uint8Array.from(Buffer.concat([...planFile(graph).chunks])).buffer);
    for (const index of [0, 1]) {
      const image = pictures.slice((index * pictures.length) / 2, ((index + 1) * pictures.length) / 2);
      const own = logits.subarray(index * CLASSES, (index + 1) * CLASSES);
      expectClose((await plan.run({ image }))['logits']!, own, TOLERANCE);
    }
    await plan.dispose();
  });
});
