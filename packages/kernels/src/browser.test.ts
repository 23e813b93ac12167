import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = resolve(import.meta.dirname, '..');
const isBuilt = existsSync(join(folder, 'dist/index.js'));
const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' };

/** `said`: what runs with each number of threads gave. */
const program = `
  import { compileProgram } from './dist/index.js';
  const value = { shape: [1, 2], dtype: 'float32' };
  const nodes = [{ op: 'Relu', inputs: [0], outputs: [1], attributes: {} }];
  const [inputs, outputs] = [[{ name: 'x', value: 0 }], [{ name: 'y', value: 1 }]];
  const graph = { values: [value, value], nodes, inputs, outputs, constants: new Map() };
  const said = [];
  for (const options of [{}, { threads: 1 }, { threads: 2 }]) {
    try {
      const program = await compileProgram(graph, options);
      for (let run = 1; run <= 3; run++) said.push((await program.run({ x: Float32Array.of(-1, run) })).y.join());
      said.push(program.info.threads === 1 ? '1 thread' : 'threads');
      program.dispose();
    } catch (error) {
      said.push(error.code);
    }
  }
`;
/** Each says it in the page's title. */
const pages: Record<string, string> = {
  '/': `<!doctype html><title></title><script type="module">${program}
    document.title = said.join(' ');
  </script>`,
  '/service.html': `<!doctype html><title></title><script type="module">
    navigator.serviceWorker.onmessage = ({ data }) => (document.title = data);
    await navigator.serviceWorker.register('./service.js', { type: 'module' });
    (await navigator.serviceWorker.ready).active.postMessage('go');
  </script>`,
};
const serviceWorker = `
  self.onmessage = async ({ source }) => source.postMessage(await compute());
  async function compute() {${program.replace(/^\s*import.*$/m, '')} return said.join(' '); }
  ${/^\s*import.*$/m.exec(program)?.[0]}
`;

describe.skipIf(!requirement('chromium') || !isBuilt)('in a browser', () => {
  let server: Server;
  let headers: Record<string, string>;
  beforeAll(async () => {
    server = createServer(async ({ url = '' }, response) => {
      const type = url === '/' ? 'html' : url.split('.').at(-1)!;
      response.writeHead(200, { ...headers, 'Content-Type': types[type] ?? 'text/plain' });
      const made = url === '/service.js' ? serviceWorker : pages[url];
      response.end(made ?? (await readFile(join(folder, url)).catch(() => '')));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(() => {
    server.close();
  });

  const visit = async (path = ''): Promise<string> => {
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`);
      await tab.waitForFunction("document.title !== ''", { timeout: 60_000 });
      return await tab.title();
    } finally {
      await browser.close();
    }
  };

  test('an isolated page runs on several threads', { timeout: 120_000 }, async () => {
    headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
    expect(await visit()).toBe('0,1 0,2 0,3 threads 0,1 0,2 0,3 1 thread 0,1 0,2 0,3 threads');
  });

  test('an isolated service worker, which has no workers, runs on one thread', { timeout: 120_000 }, async () => {
    headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
    expect(await visit('service.html')).toBe('0,1 0,2 0,3 1 thread 0,1 0,2 0,3 1 thread UNAVAILABLE');
  });

  test('another runs on one, and says what several would need', { timeout: 120_000 }, async () => {
    headers = {};
    expect(await visit()).toBe('0,1 0,2 0,3 1 thread 0,1 0,2 0,3 1 thread UNAVAILABLE');
  });
});
