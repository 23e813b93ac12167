import { afterEach, expect, test } from 'vitest';
import { missingFiles } from './packable.mjs';
import { TemporaryRepository } from './temporary-repository.mjs';

let repository;
afterEach(() => repository.remove());

const manifest = {
  name: 'p',
  main: 'addon.node',
  bin: { p: './dist/main.js' },
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './parts/*': './dist/parts/*.js' },
  files: ['dist', '!dist/.tsbuildinfo', 'wasm'],
};

test('a package that was not built lacks what its package.json names', () => {
  repository = new TemporaryRepository({ 'package.json': manifest, 'wasm/a.wasm': '' });
  expect(missingFiles(repository.folder)).toEqual([
    'addon.node',
    './dist/main.js',
    './dist/index.d.ts',
    './dist/index.js',
    'dist',
  ]);
});

test('a built one lacks nothing', () => {
  const files = ['addon.node', 'dist/main.js', 'dist/index.d.ts', 'dist/index.js', 'wasm/a.wasm'];
  repository = new TemporaryRepository({
    'package.json': manifest,
    ...Object.fromEntries(files.map((file) => [file, ''])),
  });
  expect(missingFiles(repository.folder)).toEqual([]);
});
