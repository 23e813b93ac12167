import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkChangesets } from './changeset.mjs';
import { TemporaryRepository } from './temporary-repository.mjs';

const BLOCKS = { name: '@residual/blocks', version: '0.1.0' };
const CODE = 'packages/blocks/src/index.ts';
const says = (name) => `---\n"${name}": patch\n---\n\nA sentence.\n`;

let repository;
beforeEach(() => {
  repository = new TemporaryRepository({});
  repository.commit({
    'packages/blocks/package.json': BLOCKS,
    [CODE]: 'export const a = 1;\n',
    'packages/testing/package.json': { name: '@residual/testing', private: true },
    '.changeset/config.json': {},
  });
});
afterEach(() => repository.remove());

const violations = (base) => checkChangesets(repository.folder, base).violations;
const missing = [
  expect.stringMatching(/^@residual\/blocks changed since \S+ \(.*\), and no changeset says so; run pnpm changeset$/),
];

test('nothing changed', () => {
  expect(violations()).toEqual([]);
});

test('an uncommitted change is reported, and one with a changeset is not', () => {
  repository.write({ 'packages/blocks/src/new.ts': 'export const b = 2;\n' });
  expect(violations()).not.toEqual([]);
  repository.write({ '.changeset/new-file.md': says('@residual/blocks') });
  expect(violations()).toEqual([]);
});

test('a commit since a base is reported, whatever changesets lay there before', () => {
  repository.commit({ '.changeset/old.md': says('@residual/blocks') });
  repository.commit({ [CODE]: 'export const a = 2;\n' });
  expect(violations('HEAD~1')).toEqual(missing);
  repository.commit({ '.changeset/new.md': says('@residual/blocks') });
  expect(violations('HEAD~2')).toEqual([]);
});

test('with a remote, what its main does not have is looked at, in a shallow clone too', () => {
  const origin = repository;
  origin.commit({ '.changeset/old.md': says('@residual/blocks') });
  repository = new TemporaryRepository({});
  repository.git('clone', '--quiet', '--depth=1', `file://${origin.folder}`, '.');
  origin.remove();
  expect(violations()).toEqual([]);
  repository.commit({ [CODE]: 'export const a = 2;\n' });
  expect(violations()).toEqual(missing);
});

test('without a remote, commits are compared with the last release', () => {
  repository.commit({ '.changeset/first.md': says('@residual/blocks') });
  repository.git('tag', '@residual/blocks@0.1.0');
  repository.commit({ [CODE]: 'export const a = 2;\n' });
  expect(violations()).toEqual(missing);
});

test('tests, private packages and releases need no changeset', () => {
  repository.commit({ 'packages/blocks/src/index.test.ts': '//\n', 'packages/testing/index.ts': '//\n' });
  expect(violations('HEAD~1')).toEqual([]);
  repository.commit({
    'packages/blocks/package.json': { ...BLOCKS, version: '0.1.1' },
    'packages/blocks/CHANGELOG.md': '# 0.1.1\n',
  });
  expect(violations('HEAD~1')).toEqual([]);
});

test('a changeset for a package that is none', () => {
  repository.write({ '.changeset/typo.md': says('@residual/block') });
  expect(violations()).toEqual([
    '.changeset/typo.md names @residual/block, which is no published package; mend the name',
  ]);
});
