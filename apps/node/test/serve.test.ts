import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './fixtures.ts';
import { residual } from './run-command.ts';
import { serve } from './serve-process.ts';

const cifar = resolve(import.meta.dirname, '../../../packages/weights-cifar10');

const picture = join(cifar, 'samples/horse.jpg');

test('a picture is answered as classify answers it, by the same weights; SIGTERM ends it with 0', async () => {
  const server = await serve(['--log', '--grpc-port', '0']);
  expect(server.grpc).toMatch(/^127\.0\.0\.1:\d+$/);
  const asked = await fetch(`${server.address}/v1/classify?top=3`, {
    method: 'POST',
    headers: { 'Content-Type': 'image/jpeg' },
    body: readFileSync(picture),
  });
  const { results } = await asked.json();
  const { stdout } = await residual(['classify', picture, '--top', '3', '--json']);
  expect(results[0].top).toEqual(JSON.parse(stdout).top);
  const none = await fetch(`${server.address}/v1/classify`, {
    method: 'POST',
    headers: { 'Content-Type': 'image/png' },
    body: 'nonsense',
  });
  expect([none.status, (await none.json()).error]).toEqual([400, expect.stringContaining('image: expected JPEG')]);
  server.child.kill('SIGTERM');
  expect(await server.ended).toBe(0);
  const [record] = server.lines.map((line) => JSON.parse(line));
  expect(record).toMatchObject({ method: 'POST', route: '/v1/classify', status: 200 });
  expect(Object.keys(record).sort()).toEqual(['method', 'ms', 'requestBytes', 'route', 'status', 'time']);
});

test('a folder of models and versions, of which one is added while it runs', async () => {
  const folder = temporaryFolder();
  const add = (version: string): void => {
    mkdirSync(join(folder, 'cifar', version), { recursive: true });
    cpSync(join(cifar, 'model.safetensors'), join(folder, 'cifar', version, 'model.safetensors'));
  };
  add('1');
  const server = await serve(['--models', folder], { RESIDUAL_TOKEN: 'secret' });
  const get = async (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.address}${path}`, { ...init, headers: { Authorization: 'Bearer secret' } });
  expect((await fetch(`${server.address}/v2`)).status).toBe(401);
  add('10');
  expect((await get('/v2/repository/models/cifar/load', { method: 'POST' })).status).toBe(200);
  expect((await (await get('/v2/models/cifar')).json()).versions).toEqual(['1', '10']);
  server.child.kill('SIGINT');
  expect(await server.ended).toBe(0);
});

test.each([
  [['--models', 'x', '--model', 'resnet18'], '--models: expected neither --model nor --weights beside it'],
  [['--precision', 'int8'], '--precision int8: expected --calibrate FOLDER beside it'],
  [['--models', 'nowhere'], '--models: nowhere: expected a folder with NAME/VERSION in it, got ENOENT; check the path'],
  [['--host', '203.0.113.1'], 'residual: 203.0.113.1:8080: expected a free address of this machine'],
  [['--port', '-1'], "--port: expected a whole number from 0, got '-1'"],
])('%j is refused in a line', async (args, expected) => {
  const { exitCode, said } = await residual(['serve', ...args]);
  expect([exitCode, said.at(-1)]).toEqual([2, expect.stringContaining(expected)]);
});
