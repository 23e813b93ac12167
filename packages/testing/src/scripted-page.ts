import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { build, type Rolldown } from 'vite';
import { type LaunchOptions, launchChromium } from './browser.ts';

/** A page in a browser of its own. */
export interface OpenedPage {
  readonly page: Page;
  close(): Promise<void>;
}

/** Bundles a module, given as text that imports relative to `folder`, as a script for pages; its exports are `bundled`'s. */
export async function bundleScript(folder: string, source: string): Promise<string> {
  const entry = join(folder, 'entry.js');
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@residual/source', 'module', 'browser'] },
    build: {
      write: false,
      target: 'esnext',
      lib: { entry, formats: ['iife'], name: 'bundled', fileName: 'entry' },
    },
    plugins: [
      { name: 'entry', resolveId: (id) => (id === entry ? id : null), load: (id) => (id === entry ? source : null) },
    ],
  });
  return (outputs as Rolldown.RolldownOutput[])[0]!.output[0].code;
}

/** Opens an empty page that has run a script of `bundleScript`. */
export async function openScriptedPage(code: string, options: LaunchOptions = {}): Promise<OpenedPage> {
  // Pages have WebGPU on localhost, not on about:blank.
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>'));
  await new Promise<void>((listening) => server.listen(0, listening));
  const browser = await launchChromium(options);
  const close = async (): Promise<void> => {
    await browser.close();
    server.close();
  };
  try {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: code });
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}
