import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { randomVars } from '@residual/blocks';
import { expectClose, requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { build, type Rolldown } from 'vite';
import { expect, test } from 'vitest';
import { tinyOptions } from '../test/tiny.mjs';
import { train } from './train.ts';

interface Trained {
  readonly runsOn: string;
  readonly losses: number[];
  readonly total: number;
  readonly left: number;
}

declare const bundled: { trainOnWebgpu: () => Promise<Trained> };

test.skipIf(!requirement('webgpu'))(
  "on WebGPU, in a browser, a training has the losses of tfjs's CPU backend within 1e-3",
  { timeout: 300_000 },
  async () => {
    const got = await inBrowser();
    await tf.setBackend('cpu');
    const losses: number[] = [];
    await train({
      ...tinyOptions(),
      initial: randomVars({ seed: 3 }),
      onEvent: (event) => event.kind === 'step' && losses.push(event.loss),
    });
    expectClose(got.losses, losses, 1e-3, 'losses');
    expect([got.runsOn, got.total, got.left]).toEqual(['google swiftshader', 40, 0]);
  },
);

async function inBrowser(): Promise<Trained> {
  const code = await bundle();
  // Pages have WebGPU on localhost, not on about:blank.
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
  await new Promise<void>((listening) => server.listen(0, listening));
  const browser = await launchChromium({ webgpu: true });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: code });
    return await page.evaluate(() => bundled.trainOnWebgpu());
  } finally {
    await browser.close();
    server.close();
  }
}

async function bundle(): Promise<string> {
  const entry = resolve(import.meta.dirname, '../test/page.mjs');
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@residual/source', 'module', 'browser'] },
    build: { write: false, lib: { entry, formats: ['iife'], name: 'bundled', fileName: 'entry' } },
  });
  return (outputs as Rolldown.RolldownOutput[])[0]!.output[0].code;
}
