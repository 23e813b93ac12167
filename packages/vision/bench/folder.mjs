// Pictures a second of a folder of JPEGs, in turn: sharp alone, decodeImage, decodeImage and preprocess.
// pnpm --filter @residual/vision build && node packages/vision/bench/folder.mjs FOLDER [ROUNDS]
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { imagenet1kV1, preprocess } from '../dist/index.js';
import { decodeImage } from '../dist/node.js';

const CONCURRENCY = 4;
const [folder, rounds = '3'] = process.argv.slice(2);
const files = readdirSync(folder).map((name) => join(folder, name));
const ways = {
  'sharp alone': (file) => sharp(file).removeAlpha().raw().toBuffer(),
  decodeImage: (file) => decodeImage(file),
  'decodeImage and preprocess': async (file) => preprocess(await decodeImage(file), imagenet1kV1),
};
const rates = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
for (let round = 0; round < Number(rounds); round++) {
  for (const [way, read] of Object.entries(ways)) {
    const start = performance.now();
    const waiting = files.values();
    const work = async () => {
      for (const file of waiting) await read(file);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    rates[way].push((files.length / (performance.now() - start)) * 1000);
  }
}
for (const [way, found] of Object.entries(rates)) {
  found.sort((a, b) => a - b);
  console.log(
    `${way}: ${found[found.length >> 1].toFixed(1)} (${found[0].toFixed(1)} – ${found.at(-1).toFixed(1)}) a second`,
  );
}
