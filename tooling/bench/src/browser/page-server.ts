import { createReadStream, existsSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { browserEngines } from './browser-options.ts';

/** The pages and the models' files, on localhost, where pages have WebGPU. */
export interface PageServer {
  addressOf(path: string): string;
  close(): void;
}

/** One an engine, and the one that follows a camera. */
const pageNames = [...browserEngines, 'video'] as const;

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * Bundles the pages into `folder` and serves them at `/ENGINE`, with the folder's other files beside them, all
 * cross-origin isolated, so that there are threads.
 */
export async function servePages(folder: string): Promise<PageServer> {
  await bundlePages(join(folder, 'pages'));
  const { resolve: find } = createRequire(import.meta.url);
  const runtimes = new Map([
    ['/onnxruntime-web/', dirname(find('onnxruntime-web/webgpu'))],
    ['/litert-web/', join(dirname(find('@litertjs/core')), '../wasm')],
  ]);
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname);
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    const page = pageNames.find((name) => path === `/${name}`);
    if (page) {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/pages/${page}.js"></script>`,
      );
      return;
    }
    const [prefix, runtime] = [...runtimes].find(([start]) => path.startsWith(start)) ?? ['/', folder];
    send(join(runtime, path.slice(prefix.length)), response);
  });
  await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
  return {
    addressOf: (path) => `http://localhost:${(server.address() as AddressInfo).port}/${path}`,
    close: () => void server.close(),
  };
}

function send(file: string, response: ServerResponse): void {
  if (!existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
  createReadStream(file).pipe(response);
}

async function bundlePages(outDir: string): Promise<void> {
  const entries = pageNames.map((name) => [name, pageFile(name)]);
  await build({
    configFile: false,
    logLevel: 'error',
    root: dirname(pageFile('webgpu')),
    base: '/pages/',
    // The other runtimes' own files are served as they are.
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'import'] },
    build: {
      outDir,
      target: 'es2022',
      chunkSizeWarningLimit: 10_000,
      modulePreload: false,
      rolldownOptions: { input: Object.fromEntries(entries), output: { entryFileNames: '[name].js' } },
    },
  });
}

function pageFile(name: (typeof pageNames)[number]): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(`${isSource ? '../../dist/browser' : '.'}/pages/${name}.js`, import.meta.url));
}
