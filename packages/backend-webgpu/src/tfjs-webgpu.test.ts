import { requirement } from '@residual/testing';
import { bundleScript, openScriptedPage } from '@residual/testing/scripted-page';
import type { Page } from 'puppeteer-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { tfjsWebgpu } from './tfjs.ts';

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
  let code: string;
  beforeAll(async () => {
    const source = `export { tfjsWebgpu } from './tfjs.ts'; export * as tf from '@tensorflow/tfjs-core';`;
    code = await bundleScript(import.meta.dirname, source);
  });

  async function onPage<T>(options: { webgpu: boolean }, work: (page: Page) => Promise<T>): Promise<T> {
    const { page, close } = await openScriptedPage(code, options);
    try {
      return await work(page);
    } finally {
      await close();
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
