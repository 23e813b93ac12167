// `pnpm test`: every package's tests by turbo, which runs again only what has changed, and one line for the whole.
// Arguments are turbo's: `pnpm test --filter @residual/cli`.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { testHashes } from './test-hashes.mjs';
import { testedPackages } from './totals.mjs';

/** Turbo starts what depends on most last; begun last, the longest would leave a core idle at the end. */
const LONGEST_FIRST = [
  ...['golden', 'cli', 'train', 'kernels', 'backend-webgpu', 'demo', 'weights', 'compile', 'backend-node'],
  ...['classifier', 'serve', 'bench'],
].map((name) => `@residual/${name}`);

const chosen = process.argv.slice(2);
if (chosen.length > 0) await turbo(['run', 'test', '--continue', '--concurrency=2', ...chosen]);
else {
  await turbo(['run', 'build']);
  const hashes = await testHashes(resolve(import.meta.dirname, '../..'));
  const rest = testedPackages().filter((name) => !LONGEST_FIRST.includes(name));
  const waiting = [...LONGEST_FIRST, ...rest];
  await Promise.all([lane(waiting, hashes), lane(waiting, hashes)]);
}
const failed = process.exitCode;
await import('./report-totals.mjs');
if (failed) process.exitCode = failed;

async function lane(waiting, hashes) {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    // What is built stays as it is while the other lane reads it.
    const flags = ['--only', '--output-logs=full', `--filter=${name}`];
    await turbo(['run', 'test', ...flags], { RESIDUAL_TEST_HASH: hashes.get(name) });
  }
}

async function turbo(words, variables) {
  const env = { ...process.env, ...variables };
  const child = spawn('turbo', words, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  const status = await new Promise((done) => child.on('error', () => done(1)).on('close', done));
  if (status !== 0) process.exitCode = 1;
}
