import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import * as vite8 from 'vite';
import * as vite6 from 'vite-6';
import * as vite7 from 'vite-7';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isolation, openPage } from './open-page.mjs';
import { Project } from './project.mjs';
import { publicPackages } from './public-packages.mjs';
import { readReadme } from './readme.mjs';
import { writePage } from './write-page.mjs';

const entry = publicPackages().find(({ name }) => name === '@residual/backend-wasm');
const configuration = /^export default \{ optimizeDeps: .*\n/m.exec(
  readFileSync(join(entry.folder, 'README.md'), 'utf8'),
)?.[0];

/** The example for a page, which says what the engine runs on. */
function inPage(example) {
  return `${example.replace("backend-wasm/node'", "backend-wasm'")}\nconsole.log(executable.info.device);\n`;
}

/** It bundles packages once and serves the rest file by file, a way that no build comes. */
describe.skipIf(!requirement('chromium'))('Vite’s development server', () => {
  const { installs, example } = readReadme(entry);
  const project = new Project('a page in development', inject('tarballs'), installs);
  let browser;
  beforeAll(async () => {
    browser = await launchChromium();
    await project.install();
    writePage(project.folder, inPage(example));
    writeFileSync(join(project.folder, 'vite.config.js'), configuration);
  });
  afterAll(async () => {
    await browser?.close();
    project.remove();
  });

  test.each([vite6, vite7, vite8])('of $version runs the engine by the README’s configuration', async (vite) => {
    const server = await vite.createServer({
      root: project.folder,
      logLevel: 'silent',
      server: { port: 0, headers: isolation },
    });
    try {
      await server.listen();
      expect(await openPage(browser, server.resolvedUrls.local[0], entry.name)).toMatch(
        /1\.000 1\.000 1\.000 1\.000\n.*WASM relaxed-simd, \d+ threads/,
      );
    } finally {
      await server.close();
    }
  });
});
