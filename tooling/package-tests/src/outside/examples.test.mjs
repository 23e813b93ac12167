import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import { build, preview } from 'vite';
import { expect, inject, test } from 'vitest';
import { run } from './run.mjs';

const project = inject('project');
const examples = resolve(import.meta.dirname, '../../../../examples');

/** A copy of it in the project, whose packages it finds. */
function copy(name) {
  const folder = join(project, 'examples', name);
  cpSync(join(examples, name), folder, { recursive: true });
  return folder;
}

test('classify-in-node names the samples', async () => {
  const folder = copy('classify-in-node');
  expect(await run([join(folder, 'main.js')], folder)).toMatch(/chelsea\.jpg: cat \(\d+ %\)\n.*: \w+ \(\d+ %\)\n$/);
});

test('search-by-picture finds the mirrored picture first', async () => {
  const folder = copy('search-by-picture');
  expect(await run([join(folder, 'main.js')], folder)).toMatch(/^0\.9\d\d .*chelsea\.jpg\n0\.[0-8]/);
});

test.skipIf(!requirement('chromium'))('classify-in-a-page names its sample', async () => {
  const folder = copy('classify-in-a-page');
  await build({ root: folder, logLevel: 'silent' });
  const server = await preview({ root: folder, logLevel: 'silent', preview: { port: 0 } });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls.local[0]);
    await page.waitForFunction(() => !document.querySelector('output').textContent.startsWith('Loading'));
    expect(await page.$eval('output', ({ textContent }) => textContent)).toMatch(
      /^cat \(\d+ %\), by WASM relaxed-simd/,
    );
  } finally {
    await browser.close();
    await server.close();
  }
});
