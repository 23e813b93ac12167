import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { createModel } from '@residual/resnet/registry';
import { dataPath, requirement } from '@residual/testing';
import { writeSafetensors } from '@residual/weights';
import { listWeights } from '@residual/weights/catalogue';
import { readStateDictFile } from '@residual/weights/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { imagenetWeights, temporaryFolder } from './fixtures.ts';
import { residual } from './run-command.ts';

// A hub of one's own, as HF_ENDPOINT names it: descriptions of repositories, and their files.
const files = new Map<string, Uint8Array>();
let server: Server;
let asked: string[];

beforeEach(async () => {
  asked = [];
  files.clear();
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    asked.push(pathname);
    const bytes = files.get(pathname);
    response.writeHead(bytes === undefined ? 404 : 200);
    response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function addRepo(repo: string, bytes: Uint8Array, licence: string): void {
  const sha = createHash('sha1').update(repo).digest('hex');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const siblings = [
    { rfilename: 'model.safetensors', size: bytes.byteLength, lfs: { sha256, size: bytes.byteLength } },
  ];
  const answer = JSON.stringify({ sha, siblings, cardData: { license: licence } });
  files.set(`/api/models/${repo}/revision/main`, new TextEncoder().encode(answer));
  files.set(`/${repo}/resolve/${sha}/model.safetensors`, bytes);
}

function environment(home: string): NodeJS.ProcessEnv {
  const { port } = server.address() as AddressInfo;
  return { RESIDUAL_HOME: home, HF_ENDPOINT: `http://127.0.0.1:${port}`, RESIDUAL_OFFLINE: '', RESIDUAL_MIRROR: '' };
}

test('weights of a repository are downloaded once, exported and summarised, listed and cleared', async () => {
  await tfjsWasm().use();
  const model = createModel('resnet20');
  const dict = await model.stateDict();
  model.dispose();
  addRepo('me/resnet20', writeSafetensors(dict), 'cc-by-nc-4.0');
  const folder = temporaryFolder();
  const env = environment(folder);
  const out = join(folder, 'out.safetensors');
  const weights = ['--weights', 'hf:me/resnet20'];

  const exported = await residual(['export', out, '--model', 'resnet20', ...weights, '--format', 'safetensors'], {
    env,
  });
  expect(exported.exitCode).toBe(0);
  expect(exported.said).toEqual([
    'downloading me/resnet20, 1.0 MiB',
    expect.stringMatching(/^note: hf:me\/resnet20: licence cc-by-nc-4.0, which is not a permissive one;/),
  ]);
  expect((await readStateDictFile(out)).tensors.get('fc.weight')!.data).toEqual(dict.get('fc.weight')!.data);

  asked = [];
  const offline = { ...env, RESIDUAL_OFFLINE: '1' };
  const summary = await residual(['summary', 'resnet20', ...weights], { env: offline });
  expect([summary.exitCode, asked]).toEqual([0, []]);
  expect(summary.stdout).toMatch(/\nweights: hf:me\/resnet20\nformat: safetensors, .*\nsha256: \w{64}\nlicence: cc-by/);

  const list = await residual(['cache', 'list', '--json'], { env });
  const entries = list.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries.map(({ fileName, isWhole }) => [fileName, isWhole]).sort()).toEqual([
    ['main', true],
    ['model.safetensors', true],
  ]);
  expect((await residual(['cache', 'clear'], { env })).stdout).toMatch(/: removed 2 files, 1\.\d MiB\n$/);
  expect((await residual(['cache', 'list'], { env })).stdout).toMatch(/: 0 files, 0\.0 MiB\n$/);
  const gone = await residual(['summary', 'resnet20', ...weights], { env: offline });
  expect([gone.exitCode, gone.said]).toEqual([2, [expect.stringContaining('not in the cache')]]);
});

test('weights of another variant, and repositories that are not there, are refused in a line', async () => {
  await tfjsWasm().use();
  const model = createModel('resnet20');
  addRepo('me/resnet20', writeSafetensors(await model.stateDict()), 'mit');
  model.dispose();
  const env = environment(temporaryFolder());
  for (const [args, expected] of [
    [
      ['summary', 'resnet32', '--weights', 'hf:me/resnet20'],
      "these weights are resnet20's (10 classes), not resnet32's",
    ],
    [['summary', 'resnet20', '--weights', 'hf:me/absent'], 'HTTP status 404'],
    [['summary', 'resnet20', '--weights', 'best'], '--weights: best: expected a weights file, hf:owner/name'],
    [['summary', 'resnet18', '--weights', 'IMAGENET1K_V9'], 'one of DEFAULT, IMAGENET1K_V1, a1_in1k,'],
  ] as const) {
    const { exitCode, said } = await residual(args, { env });
    const [problem, ...others] = said.filter((line) => !line.startsWith('downloading'));
    expect([args, exitCode, others]).toEqual([args, 2, []]);
    expect(problem).toContain(expected);
  }
});

test('models lists the catalogue', async () => {
  const { stdout } = await residual(['models', 'resnet50', '--json'], { env: environment(temporaryFolder()) });
  const found = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(found.map(({ id }) => id)).toContain('resnet50/IMAGENET1K_V2');
  expect(found[0]).toMatchObject({ numClasses: 1000, licence: 'bsd-3-clause', isCached: false });
  const table = await residual(['models']);
  expect(table.stdout.split('\n').filter((line) => line.includes('MiB'))).toHaveLength(listWeights().length);
  expect((await residual(['models', 'vgg*'])).said[0]).toContain('expected a pattern of models');
});

describe.skipIf(!requirement('data'))('with real weights at the catalogue’s repository', () => {
  test('a name is enough to classify a photograph', async () => {
    addRepo('timm/resnet18.tv_in1k', imagenetWeights('resnet18_ktb_small'), 'bsd-3-clause');
    const env = environment(temporaryFolder());
    const photograph = dataPath('imagenet/images/chelsea.png');
    const args = ['classify', photograph, '--model', 'resnet18', '--weights', 'tv_in1k', '--json'];
    const { exitCode, stdout, said } = await residual(args, { env });
    expect([exitCode, said]).toEqual([0, [expect.stringMatching(/^downloading resnet18\/tv_in1k, 22\.3 MiB$/)]]);
    const expected = JSON.parse(readFileSync(dataPath('imagenet/images/expected.json'), 'utf8')).images.find(
      ({ file }: { file: string }) => file === 'chelsea.png',
    ).resnet18_ktb_small;
    const [best] = JSON.parse(stdout).top;
    expect([best.index, Math.abs(best.score - expected.prob[0]) < 2e-3]).toEqual([expected.top5[0], true]);
  });
});
