import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { preview } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isolation, openPage } from './open-page.mjs';
import { Project } from './project.mjs';
import { publicPackages } from './public-packages.mjs';
import { readReadme } from './readme.mjs';
import { writePage } from './write-page.mjs';

const entry = publicPackages().find(({ name }) => name === '@residual/backend-wasm');

/** Each bundles `page.mjs` of a folder into `dist/page.mjs`, with nothing set that its README does not ask for. */
const bundlers = {
  esbuild: (folder) =>
    esbuild.build({
      absWorkingDir: folder,
      entryPoints: ['page.mjs'],
      bundle: true,
      format: 'esm',
      outfile: 'dist/page.mjs',
      logLevel: 'silent',
    }),
  rollup: async (folder) => {
    const plugins = [nodeResolve({ browser: true }), commonjs()];
    const bundle = await rollup({ input: join(folder, 'page.mjs'), plugins, onwarn: () => {} });
    await bundle.write({ file: join(folder, 'dist/page.mjs'), format: 'es', inlineDynamicImports: true });
    await bundle.close();
  },
};

describe.skipIf(!requirement('chromium'))('bundled without the files beside the code', () => {
  const { installs, example } = readReadme(entry);
  const project = new Project('a page', inject('tarballs'), [...installs, '@residual/kernels']);
  let browser;
  beforeAll(async () => {
    browser = await launchChromium();
    await project.install();
    const dist = join(project.folder, 'dist');
    mkdirSync(dist, { recursive: true });
    cpSync(join(project.folder, 'node_modules/@residual/kernels/wasm'), join(dist, 'residual'), { recursive: true });
  });
  afterAll(async () => {
    await browser?.close();
    project.remove();
  });

  test.each(Object.keys(bundlers))(
    'by %s the engine runs, on workers too, by the folder of its files',
    async (name) => {
      const inPage = example
        .replace("backend-wasm/node'", "backend-wasm'")
        .replace('wasm()', "wasm({ files: '/residual' })");
      writePage(project.folder, `${inPage}\nconsole.log(executable.info.device);`);
      await bundlers[name](project.folder);
      writeFileSync(
        join(project.folder, 'dist/index.html'),
        '<!doctype html><script type="module" src="/page.mjs"></script>',
      );
      const server = await preview({
        root: project.folder,
        configFile: false,
        logLevel: 'silent',
        preview: { port: 0, headers: isolation },
      });
      try {
        const printed = await openPage(browser, server.resolvedUrls.local[0], name);
        expect(printed).toMatch(/^1\.000 1\.000 1\.000 1\.000\nWASM relaxed-simd, \d+ threads/m);
      } finally {
        await server.close();
      }
    },
  );
});
