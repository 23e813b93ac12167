import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import type { Browser, Page } from 'puppeteer-core';
import { build, type Rolldown } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tfjsWebgpu } from './index.ts';

declare const window: {
  bundled: { tf: typeof import('@tensorflow/tfjs-core'); tfjsWebgpu: typeof tfjsWebgpu };
};

test('where there is no WebGPU, as in Node, it says so', async () => {
  expect(await tfjsWebgpu().isAvailable()).toEqual({
    available: false,
    reason: 'there is no WebGPU here (navigator.gpu)',
  });
});

describe.skipIf(!requirement('webgpu'))('in Chromium', () => {
  let server: Server;
  let code: string;
  beforeAll(async () => {
    code = await bundle();
    // Pages have WebGPU on localhost, not on about:blank.
    server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });
  afterAll(() => server?.close());

  async function onPage<T>(options: { webgpu: boolean }, work: (page: Page) => Promise<T>): Promise<T> {
    const browser: Browser = await launchChromium(options);
    try {
      const page = await browser.newPage();
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
      await page.addScriptTag({ content: code });
      return await work(page);
    } finally {
      await browser.close();
    }
  }

  test('starts on the adapter, says which, and convolves', async () => {
    const { available, info, again, blurred } = await onPage({ webgpu: true }, (page) =>
      page.evaluate(async () => {
        const { tf, tfjsWebgpu } = window.bundled;
        const backend = tfjsWebgpu();
        const { available } = await backend.isAvailable();
        const info = await backend.use();
        const again = await backend.use();
        const x = tf.tensor4d(
          Array.from({ length: 16 }, (_, i) => i),
          [1, 4, 4, 1],
        );
        const y = tf.conv2d(x, tf.ones([3, 3, 1, 1]), 1, 'valid');
        return { available, info, again, blurred: Array.from(await y.data()) };
      }),
    );
    expect(available).toBe(true);
    expect(info).toEqual({ name: 'tfjs-webgpu', version: '4.22.0', runsOn: 'google swiftshader' });
    expect(again).toEqual(info);
    // Sums of nine neighbours: nine times the middle.
    expect(blurred).toEqual([45, 54, 81, 90]);
  });

  test('without an adapter: the reason, and an error that says what to do', async () => {
    const { availability, message } = await onPage({ webgpu: false }, (page) =>
      page.evaluate(async () => {
        const backend = window.bundled.tfjsWebgpu();
        const availability = await backend.isAvailable();
        const message = await backend.use().then(String, (error: Error) => error.message);
        return { availability, message };
      }),
    );
    expect(availability).toEqual({
      available: false,
      reason: 'WebGPU has no adapter here: no GPU, or its driver is blocked',
    });
    expect(message).toMatch(/^tfjs-webgpu did not start; .*use tfjs-wasm$/);
  });
});

/** What the tests need, as one script. */
async function bundle(): Promise<string> {
  const entry = `${import.meta.dirname}/entry.js`;
  const source = `export { tfjsWebgpu } from './index.ts'; export * as tf from '@tensorflow/tfjs-core';`;
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@residual/source', 'module', 'browser'] },
    build: { write: false, lib: { entry, formats: ['iife'], name: 'bundled', fileName: 'entry' } },
    plugins: [
      { name: 'entry', resolveId: (id) => (id === entry ? id : null), load: (id) => (id === entry ? source : null) },
    ],
  });
  return (outputs as Rolldown.RolldownOutput[])[0]!.output[0].code;
}
