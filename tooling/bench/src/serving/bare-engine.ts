import { readFile } from 'node:fs/promises';
import { native } from '@residual/backend-node';
import { createClassifier } from '@residual/classifier';
import { readStateDict } from '@residual/weights';

// The engine alone, in the same batches: how many pictures a second there are to be had.
//   node bare-engine.js MODEL WEIGHTS BATCH SECONDS
const [model = '', file = '', batch = '8', seconds = '10'] = process.argv.slice(2);
const weights = await readStateDict(new Uint8Array(await readFile(file)));
const classifier = await createClassifier({ model, weights, engines: [native()], batchSize: Number(batch) });
const size = classifier.inChannels * classifier.preset.cropPx ** 2;
const pictures = Array.from({ length: Number(batch) }, (_, index) => new Float32Array(size).fill(index / 8));
await classifier.forward(pictures);
const began = performance.now();
let count = 0;
while (performance.now() - began < 1000 * Number(seconds)) {
  await classifier.forward(pictures);
  count += pictures.length;
}
process.stdout.write(`${(1000 * count) / (performance.now() - began)}\n`);
await classifier.dispose();
