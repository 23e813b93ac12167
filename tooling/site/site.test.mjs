import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { axeFindings, launchChromium } from '@residual/testing/browser';
import { preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Of the site as `pnpm site` builds it, with the demo in it as the workflow publishes it.
const dist = join(import.meta.dirname, 'dist');
const demo = join(import.meta.dirname, '../../apps/demo/dist');
const screenshots = join(import.meta.dirname, '.vitest/screenshots');
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const pages = {
  start: '/',
  guide: '/docs/serving',
  package: '/packages/resnet/',
  numbers: '/docs/benchmarks',
  reference: '/reference/index.html',
  module: '/reference/modules/_residual_resnet.html',
  class: '/reference/classes/_residual_resnet.ResNet.html',
};

describe.skipIf(!requirement('chromium'))('the site', () => {
  let browser;
  let server;
  beforeAll(async () => {
    cpSync(demo, join(dist, 'demo'), { recursive: true });
    mkdirSync(screenshots, { recursive: true });
    const root = import.meta.dirname;
    server = await preview({ root, configFile: false, appType: 'mpa', preview: { port: 0 }, logLevel: 'silent' });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const addressOf = (path) => {
    const isPage = !/(?:\/|\.html)$/.test(path) && existsSync(join(dist, `${path}.html`));
    return new URL(`.${path}${isPage ? '.html' : ''}`, server.resolvedUrls.local[0]).href;
  };

  describe.each(Object.entries(pages))('%s', (name, path) => {
    test.each(['light', 'dark'])('%s, axe finds nothing, wide and on a phone', async (scheme) => {
      const page = await browser.newPage();
      try {
        const complaints = [];
        page.on('pageerror', ({ message }) => complaints.push(message));
        page.on('requestfailed', (request) => complaints.push(request.url()));
        page.on('response', (response) => response.status() >= 400 && complaints.push(response.url()));
        await page.emulateMediaFeatures([
          { name: 'prefers-color-scheme', value: scheme },
          { name: 'prefers-reduced-motion', value: 'reduce' },
        ]);
        for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
          await page.setViewport(viewport);
          await page.goto(addressOf(path), { waitUntil: 'networkidle0' });
          expect(await axeFindings(page), `${name} ${scheme} ${size}`).toEqual([]);
          expect(await page.evaluate('document.documentElement.scrollWidth'), size).toBe(viewport.width);
          await page.screenshot({ path: join(screenshots, `${name}-${scheme}-${size}.png`) });
        }
        expect(complaints).toEqual([]);
      } finally {
        await page.close();
      }
    });
  });

  test('leads to the demo, which opens', async () => {
    const page = await browser.newPage();
    await page.goto(addressOf('/'), { waitUntil: 'networkidle0' });
    await Promise.all([page.waitForNavigation(), page.locator('a[href$="/demo/"]').click()]);
    await page.waitForSelector('#tab-lab');
    await page.close();
  });
});
