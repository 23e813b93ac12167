import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { launchChromium } from '@residual/testing/browser';
import { build, type Rolldown } from 'vite';

interface Page {
  readonly bundled: Readonly<Record<string, (argument: unknown) => Promise<unknown>>>;
  outcome?: { readonly result?: unknown; readonly error?: string };
}

/** Calls an export of `page.mjs` in a browser with WebGPU; the argument and the result go over as JSON. */
export async function inBrowser<Result>(name: string, argument?: unknown): Promise<Result> {
  const code = await bundle();
  // Pages have WebGPU on localhost, not on about:blank.
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
  await new Promise<void>((listening) => server.listen(0, listening));
  const browser = await launchChromium({ webgpu: true });
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: code });
    // The browser's protocol has no patience for a promise of minutes.
    await page.evaluate(
      (name, argument) => {
        const page = globalThis as never as Page;
        page.bundled[name]!(argument).then(
          (result) => {
            page.outcome = { result };
          },
          (error) => {
            page.outcome = { error: String(error) };
          },
        );
      },
      name,
      argument,
    );
    for (;;) {
      const outcome = await page.evaluate(() => (globalThis as never as Page).outcome);
      if (outcome?.error !== undefined) throw new Error(outcome.error);
      if (outcome !== undefined) return outcome.result as Result;
      await setTimeout(300);
    }
  } finally {
    await browser.close();
    server.close();
  }
}

async function bundle(): Promise<string> {
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@residual/source', 'module', 'browser'] },
    build: {
      write: false,
      lib: { entry: resolve(import.meta.dirname, 'page.mjs'), formats: ['iife'], name: 'bundled', fileName: 'entry' },
    },
  });
  return (outputs as Rolldown.RolldownOutput[])[0]!.output[0].code;
}
