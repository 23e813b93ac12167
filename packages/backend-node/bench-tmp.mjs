import { readWeights, tfjs, trace } from '../compile/dist/index.js';
import { tfjsNode } from './dist/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { createModel } from '../resnet/dist/registry.js';
await tfjsNode({threads: 2}).use();
for (const name of ['resnet18','resnet50']) {
  const model = createModel(name);
  const graph = await trace((t) => ({ logits: createModel(name, { vars: (p, { shape }) => t.parameter(p, shape) }).forward(t.input('image', [1, 224, 224, 3])) }));
  const exe = await tfjs().compile(graph, await readWeights(model.variables));
  const image = Float32Array.from({ length: 224 * 224 * 3 }, Math.random);
  const eager = async () => { const y = tf.tidy(() => model.forward(tf.tensor(image, [1, 224, 224, 3]))); await y.data(); y.dispose(); };
  const times = { eager: [], engine: [] };
  const time = async (key, f) => { const t = performance.now(); await f(); times[key].push(performance.now() - t); };
  for (let i = 0; i < 45; i++) { await time('eager', eager); await time('engine', () => exe.run({ image })); }
  const med = (a) => a.slice(5).sort((x, y) => x - y)[20];
  console.log(name, med(times.eager).toFixed(1), med(times.engine).toFixed(1), (med(times.eager) / med(times.engine)).toFixed(2));
  await exe.dispose(); model.dispose();
}
