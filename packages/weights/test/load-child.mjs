// Loads weights in a process of its own: `node load-child.mjs FOLDER REFERENCE [JSON of options]`, and prints one line of JSON.
import { createHash } from 'node:crypto';
import { loadWeights } from '../dist/hub/index.js';
import { folderCache, hubFromEnvironment } from '../dist/node.js';

const [folder, reference, given = '{}'] = process.argv.slice(2);
const options = { ...(await hubFromEnvironment()), cache: folderCache(folder), ...JSON.parse(given) };
// What Node's fetch itself takes, whatever it fetches, comes before.
if (process.env.WARM_UP) await loadWeights(process.env.WARM_UP, options);
const before = process.memoryUsage.rss();
process.stdout.write('started\n');
const { tensors } = await loadWeights(reference, options);
const hash = createHash('sha256');
let sizeBytes = 0;
for (const [name, { data }] of tensors) {
  hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  sizeBytes += data.byteLength;
}
const peak = process.resourceUsage().maxRSS * 1024 - before;
process.stdout.write(`${JSON.stringify({ hash: hash.digest('hex'), sizeBytes, peak })}\n`);
