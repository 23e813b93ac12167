// `pnpm test`: every package's tests by turbo, which runs again only what has changed, and one line for the whole.
// Arguments are turbo's: `pnpm test --filter @residual/cli`.
import { spawn } from 'node:child_process';
import { testedPackages } from './totals.mjs';

/** Turbo starts what depends on most last; begun last, the longest would leave a core idle at the end. */
const LONGEST_FIRST = [
  ...['golden', 'cli', 'train', 'kernels', 'backend-webgpu', 'demo', 'weights', 'compile', 'backend-node'],
  ...['classifier', 'serve', 'bench'],
].map((name) => `@residual/${name}`);

const chosen = process.argv.slice(2);
if (chosen.length > 0) await turbo('test', '--continue', '--concurrency=2', ...chosen);
else {
  await turbo('build');
  const rest = testedPackages().filter((name) => !LONGEST_FIRST.includes(name));
  const waiting = [...LONGEST_FIRST, ...rest];
  await Promise.all([lane(waiting), lane(waiting)]);
}
const failed = process.exitCode;
await import('./report-totals.mjs');
if (failed) process.exitCode = failed;

async function lane(waiting) {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
    await turbo('test', '--only', '--output-logs=full', `--filter=${name}`);
}

async function turbo(task, ...flags) {
  const child = spawn('turbo', ['run', task, ...flags], { stdio: ['ignore', 'inherit', 'inherit'] });
  const status = await new Promise((done) => child.on('error', () => done(1)).on('close', done));
  if (status !== 0) process.exitCode = 1;
}
