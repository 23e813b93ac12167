// Runs the tests of the packages that meet Node itself on other versions of it, two at a time: `node on-node.mjs 22 24`.
// npm's `node` package brings the versions.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
/** What touches Node: files, processes, threads, addons, WASM. What computes the same on any version is left to the first. */
const parts = [
  {
    name: 'apps/node',
    without: [
      'cifar10',
      'degradation',
      'export',
      'export-architectures',
      'photographs',
      'picture-inputs',
      'published-weights',
    ].map((name) => `test/${name}.{test,slow.test}.ts`),
  },
  { name: 'packages/weights', without: ['src/fuzz.test.ts', 'src/networks/**'] },
  { name: 'packages/vision', without: ['src/decode/fuzz.test.ts', 'src/decode-blob.test.ts'] },
  { name: 'packages/backend-node', without: [] },
  { name: 'packages/backend-wasm', without: [] },
  { name: 'packages/serve', without: ['test/openapi.test.ts'] },
];
const versions = process.argv.slice(2);
// Each version in a lane of its own, which starts at another part: one part's tests never run twice at one time for long.
await Promise.all(versions.map((version, lane) => runLane(version, [...parts.slice(lane), ...parts.slice(0, lane)])));

async function runLane(version, parts) {
  for (const { name, without } of parts) {
    const { status, output, seconds } = await runPart(version, name, without);
    process.stdout.write(`\n-- ${name} on Node ${version}: ${seconds} s\n${output}`);
    if (status !== 0) process.exitCode = 1;
  }
}

function runPart(version, name, without) {
  const excluded = without.flatMap((pattern) => ['--exclude', pattern]);
  const command = ['-y', `node@${version}`, 'node_modules/vitest/vitest.mjs', 'run', '--root', name, ...excluded];
  // A report of its own, beside that of the Node that ran them all.
  const env = { ...process.env, RESIDUAL_TEST_REPORT: `.vitest/node-${version}.json` };
  const began = Date.now();
  const child = spawn('npx', command, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  return new Promise((done) => {
    child.on('close', (status) => done({ status, output, seconds: Math.round((Date.now() - began) / 1000) }));
  });
}
