import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Project } from './project.mjs';
import { addonPackages, publicPackages } from './public-packages.mjs';
import { hasTarball, packedFiles, packedManifest, tarballOf } from './tarballs.mjs';

const kernels = publicPackages().find(({ name }) => name === '@residual/kernels');

test('@residual/kernels brings the addon of every platform that has a package, in its own version', () => {
  const { optionalDependencies, version } = packedManifest(tarballOf(kernels.name, inject('tarballs')));
  expect(optionalDependencies).toEqual(Object.fromEntries(addonPackages().map(({ name }) => [name, version])));
});

test.each(addonPackages())('$name, published, is for its machines alone', ({ folder, platform }) => {
  const { main, files, publishConfig } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const [os, cpu, abi] = platform.split('-');
  // pnpm writes these into what it publishes; in a clone they would have it warn of every package of other machines.
  const libc = os === 'linux' ? { libc: [abi === 'musl' ? 'musl' : 'glibc'] } : {};
  expect(publishConfig).toEqual({ os: [os], cpu: [cpu], ...libc });
  expect([main, ...files]).toEqual(Array(2).fill(`residual-kernels.${platform}.node`));
});

describe.skipIf(!requirement('native'))('the addon, installed', () => {
  const tarballs = inject('tarballs');
  const project = new Project('a project with the kernels', tarballs, [kernels.name]);
  beforeAll(() => project.install());
  afterAll(() => project.remove());

  test('comes with the kernels, and computes', async () => {
    const printed = await project.run(`
      import { compileProgram, loadAddon } from '@residual/kernels/node';
      const value = (...shape) => ({ shape, dtype: 'float32' });
      const program = await compileProgram({
        values: [value(1, 2, 2, 1), value(1, 2, 2, 1)],
        nodes: [{ op: 'Relu', inputs: [0], outputs: [1], attributes: {} }],
        inputs: [{ name: 'x', value: 0 }],
        outputs: [{ name: 'y', value: 1 }],
        constants: new Map(),
      });
      const { y } = await program.run({ x: new Float32Array([-1, 2, -3, 4]) });
      console.log(loadAddon().file, [...y].join(' '));
    `);
    expect(printed).toMatch(/node_modules\/@residual\/kernels-[\w-]+\/residual-kernels\.[\w-]+\.node 0 2 0 4\n$/);
  });

  test('its package holds it, the licence and a README, and nothing else', () => {
    const { name, platform } = addonPackages().find((entry) => hasTarball(entry.name, tarballs));
    expect(packedFiles(tarballOf(name, tarballs)).sort()).toEqual(
      ['LICENSE', 'README.md', 'package.json', `residual-kernels.${platform}.node`].sort(),
    );
  });
});

test('without an addon the reason is said in a line, and what helps', async () => {
  const project = new Project('a project without the addon', inject('tarballs'), [kernels.name], { addons: false });
  try {
    await project.install();
    const printed = await project.run(`
      import { loadAddon } from '@residual/kernels/node';
      console.log(loadAddon().reason);
    `);
    expect(printed).toMatch(/^no addon for [\w-]+: install @residual\/kernels-[\w-]+[^\n]*\n$/);
  } finally {
    project.remove();
  }
});
