import { spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publish } from './cache.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'native-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const build = () => join(folder, `home/tfjs-node/4.22.0-wheel-1-${process.platform}-${process.arch}`);
const installed = () => join(folder, 'project/node_modules/@tensorflow/tfjs-node');

function write(path, text) {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

function installPackage() {
  write(join(folder, 'project/package.json'), '{}');
  write(join(installed(), 'package.json'), '{"name": "@tensorflow/tfjs-node", "version": "4.22.0"}');
}

function finishBuild() {
  write(join(build(), 'lib/napi-v8/tfjs_binding.node'), 'addon');
  write(join(build(), 'deps/lib/libtensorflow_cc.so.2'), 'library');
  symlinkSync('libtensorflow_cc.so.2', join(build(), 'deps/lib/libtensorflow.so'));
  write(join(build(), 'libtensorflow'), '2.13.1');
}

function setUp(args, env = {}) {
  const program = [join(import.meta.dirname, 'setup.mjs'), '--project', join(folder, 'project'), ...args];
  return spawnSync(process.execPath, program, {
    encoding: 'utf8',
    env: { ...process.env, NODE_PATH: '', RESIDUAL_HOME: join(folder, 'home'), ...env },
  });
}

test('a finished build is linked into the package, and a file of the package store is left as it was', () => {
  installPackage();
  finishBuild();
  write(join(folder, 'store/file'), 'of the store');
  mkdirSync(join(installed(), 'lib/napi-v8'), { recursive: true });
  linkSync(join(folder, 'store/file'), join(installed(), 'lib/napi-v8/tfjs_binding.node'));
  for (const _ of [1, 2]) {
    rmSync(join(installed(), '.residual-native'), { force: true });
    const { status, stdout, stderr } = setUp(['--optional', '--from-cache']);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  }
  expect(readFileSync(join(folder, 'store/file'), 'utf8')).toBe('of the store');
  expect(readFileSync(join(installed(), 'deps/lib/libtensorflow.so'), 'utf8')).toBe('library');
  expect(statSync(join(installed(), 'lib/napi-v8/tfjs_binding.node')).ino).toBe(
    statSync(join(build(), 'lib/napi-v8/tfjs_binding.node')).ino,
  );
  expect(readdirSync(join(installed(), 'lib/napi-v8'))).toEqual(['tfjs_binding.node']);
});

test('at install nothing is built, downloaded or said where the cache is empty', () => {
  installPackage();
  expect(setUp(['--optional', '--from-cache'])).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(readdirSync(folder)).toEqual(['project']);
});

test('what is missing is said in one line, which fails only where tfjs-node is required', () => {
  installPackage();
  for (const [flag, status] of [
    ['--optional', 0],
    ['--require', 1],
  ]) {
    const result = setUp([flag], { PATH: '' });
    expect(result.status).toBe(status);
    expect(result.stdout).toBe('');
    expect(result.stderr.trim().split('\n').at(-1)).toMatch(
      /^tfjs-node: cannot be built here: (g\+\+ is missing .*; python3 is missing|no libtensorflow is known).*; the WASM backend serves without it/,
    );
  }
  expect(setUp(['--require', '--project', folder]).stderr).toContain('@tensorflow/tfjs-node is not installed in');
});

test('of two that build at once one result stays; one that fails leaves nothing behind', async () => {
  const target = join(folder, 'home/build');
  const make = (text) => publish(target, async (unfinished) => write(join(unfinished, 'file'), text));
  await make('first');
  await make('second');
  expect(readFileSync(join(target, 'file'), 'utf8')).toBe('first');
  const failed = publish(join(folder, 'home/other'), async () => {
    throw new Error('no compiler');
  });
  await expect(failed).rejects.toThrow('no compiler');
  expect(readdirSync(join(folder, 'home'))).toEqual(['build']);
});
