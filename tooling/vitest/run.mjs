// `pnpm test`: every package's tests by turbo, which runs again only what has changed, and one line for the whole.
import { spawnSync } from 'node:child_process';

const command = ['run', 'test', '--continue', '--concurrency=2', ...process.argv.slice(2)];
const { status } = spawnSync('turbo', command, { stdio: 'inherit' });
await import('./report-totals.mjs');
if (status !== 0) process.exitCode = 1;
