// node main.js PICTURE FOLDER: the files of the folder, those first that look most like the picture. Without arguments, a
// mirrored sample is looked for among the samples.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { native } from '@residual/backend-node';
import { wasm } from '@residual/backend-wasm/node';
import { fromPretrained } from '@residual/classifier';
import { samplePictures, weightsUrl } from '@residual/weights-cifar10';
import sharp from 'sharp';

const samples = samplePictures().map(({ url }) => fileURLToPath(url));
const [wanted = await sharp(samples[0]).flop().png().toBuffer(), folder] = process.argv.slice(2);
const files = folder === undefined ? samples : readdirSync(folder).map((name) => join(folder, name));

const net = await fromPretrained(fileURLToPath(weightsUrl()), { engines: [native(), wasm()] });
const [query, ...others] = await Promise.all([wanted, ...files].map((picture) => net.embed(picture)));
const found = files.map((file, i) => ({ file, likeness: cosine(query, others[i]) }));
for (const { file, likeness } of found.sort((a, b) => b.likeness - a.likeness)) console.log(likeness.toFixed(3), file);
await net.dispose();

function cosine(a, b) {
  const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
