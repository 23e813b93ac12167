// Runs the tests of the packages that meet Node itself on another version of it: `node on-node.mjs 24`.
// npm's `node` package brings the version.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

const [version] = process.argv.slice(2);
const root = resolve(import.meta.dirname, '../..');
const packages = ['packages/weights', 'packages/vision', 'packages/backend-node', 'packages/backend-wasm', 'apps/node'];
for (const name of packages) {
  const command = ['-y', `node@${version}`, 'node_modules/vitest/vitest.mjs', 'run', '--root', name];
  // A report of its own, beside that of the Node that ran them all.
  const env = { ...process.env, RESIDUAL_TEST_REPORT: `.vitest/node-${version}.json` };
  const { status } = spawnSync('npx', command, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
