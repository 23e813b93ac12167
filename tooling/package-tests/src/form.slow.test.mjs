import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { describe, expect, inject, test } from 'vitest';
import { publicPackages } from './public-packages.mjs';
import { packedFiles, packedManifest, tarballOf } from './tarballs.mjs';

const attw = resolve(import.meta.dirname, '../node_modules/.bin/attw');

test('every published package is built before these tests', () => {
  const { devDependencies } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'));
  const names = publicPackages().map(({ name }) => name);
  const unlisted = names.filter((name) => !(name in devDependencies));
  expect(unlisted, 'list these in devDependencies of tooling/package-tests/package.json as "workspace:^"').toEqual([]);
});

describe.each(publicPackages())('$name, packed', ({ name, folder, manifest }) => {
  const tarball = () => tarballOf(name, inject('tarballs'));

  test('publint, strictly', async () => {
    const { buffer } = Uint8Array.from(readFileSync(tarball()));
    const { messages, pkg } = await publint({ strict: true, pack: { tarball: buffer } });
    const lines = messages.map((message) => formatMessage(message, pkg, { color: false }));
    expect(lines, `${name}: mend its package.json as publint says`).toEqual([]);
  });

  if (manifest.exports)
    test('types resolve as the code does (attw)', async () => {
      const args = [tarball(), '--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--format', 'ascii'];
      const failure = await promisify(execFile)(attw, args).then(
        () => '',
        (error) => error.stdout || error.message,
      );
      expect(failure, `${name}: mend the exports of its package.json as attw says`).toBe('');
    });

  test('carries the licence and its sources, no tests and nothing of the machine that built it', () => {
    const files = packedFiles(tarball());
    expect(files, `${name}: pack it in the repository, whose LICENSE it takes along`).toContain('LICENSE');
    const unwanted = files.filter((file) =>
      /\.test\.|\.tsbuildinfo$|\.node$|^(?:target|node_modules|golden)\/|(?:^|\/)fixtures\//.test(file),
    );
    expect(unwanted, `${name}: exclude these by "files" of its package.json`).toEqual([]);
  });

  test('carries the sources that its source maps name', () => {
    const files = packedFiles(tarball());
    const maps = files.filter((file) => file.endsWith('.js.map'));
    expect(maps).not.toEqual([]);
    const sources = maps.map((file) => file.replace(/^dist\//, 'src/').replace(/\.js\.map$/, '.ts'));
    // A build may still have the code of a source that is gone.
    const missing = sources.filter((source) => existsSync(join(folder, source)) && !files.includes(source));
    expect(missing, `${name}: list "src" in "files" of its package.json, or the maps are of no use`).toEqual([]);
  });

  test('asks for what a registry has', () => {
    const { dependencies, optionalDependencies, peerDependencies } = packedManifest(tarball());
    const specs = Object.entries({ ...dependencies, ...optionalDependencies, ...peerDependencies });
    const local = specs.filter(([, range]) => /^(?:workspace|catalog|file|link):/.test(range));
    expect(local, `${name}: no registry has these`).toEqual([]);
  });
});
