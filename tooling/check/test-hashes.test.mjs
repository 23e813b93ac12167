import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { testHashes } from '../vitest/test-hashes.mjs';
import { TemporaryRepository } from './temporary-repository.mjs';

let repository;
afterEach(() => repository.remove());

const scripts = { build: 'true', test: 'true' };
const turbo = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../turbo.json'), 'utf8'));

test('a change in a package is one for the tests of the packages that need it, at any distance, and of no others', async () => {
  repository = new TemporaryRepository({
    'package.json': { name: 'root', private: true, packageManager: 'pnpm@12.21.0' },
    'pnpm-workspace.yaml': 'packages:\n  - packages/*\n',
    'turbo.json': { tasks: { build: turbo.tasks.build, test: turbo.tasks.test } },
    'packages/a/package.json': { name: 'a', scripts },
    'packages/a/src/index.ts': 'export const one = 1;\n',
    'packages/b/package.json': { name: 'b', scripts, dependencies: { a: 'workspace:^' } },
    'packages/c/package.json': { name: 'c', scripts, devDependencies: { b: 'workspace:^' } },
    'packages/d/package.json': { name: 'd', scripts },
  });
  repository.commit();
  const before = await testHashes(repository.folder);
  repository.write({ 'packages/a/src/index.ts': 'export const one = 2;\n' });
  const after = await testHashes(repository.folder);
  expect([...before.keys()].sort()).toEqual(['a', 'b', 'c', 'd']);
  expect([...before.keys()].filter((name) => after.get(name) !== before.get(name)).sort()).toEqual(['a', 'b', 'c']);
});
