import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultClientConditions, defineConfig, type Plugin, type UserConfig } from 'vite';

/** The page runs from the packages' sources, under any path of any static server. */
const config: UserConfig = defineConfig({
  base: './',
  resolve: { conditions: ['@residual/source', ...defaultClientConditions] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 1500 },
  plugins: [contentSecurityPolicy(), serviceWorker()],
});
export default config;

/**
 * The built page loads its own files only, besides weights, which a person may have anywhere; its workers have what the server says,
 * as all workers do. The development server injects styles, so it has no such rule.
 */
function contentSecurityPolicy(): Plugin {
  const content = [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    // tfjs starts its threads from a blob.
    "worker-src 'self' blob:",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "connect-src 'self' blob: http: https:",
    "object-src 'none'",
    "base-uri 'none'",
  ].join('; ');
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content }, injectTo: 'head-prepend' },
    ],
  };
}

/** Writes the service worker with the names of all files that were built. */
function serviceWorker(): Plugin {
  let outDir: string;
  return {
    name: 'service-worker',
    apply: 'build',
    configResolved: (resolved) => {
      outDir = join(resolved.root, resolved.build.outDir);
    },
    writeBundle(options) {
      const folder = options.dir ?? outDir;
      const names = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== 'service-worker.js' && entry.name !== 'index.html')
        .map(({ parentPath, name }) =>
          join(parentPath, name)
            .slice(folder.length + 1)
            .replaceAll('\\', '/'),
        );
      const version = createHash('sha256')
        .update(readFileSync(join(folder, 'index.html')))
        .update(names.join())
        .digest('hex');
      const precache = { version: version.slice(0, 12), files: ['./', ...names] };
      const source = readFileSync(join(import.meta.dirname, 'src/offline/service-worker.js'), 'utf8');
      writeFileSync(join(folder, 'service-worker.js'), `self.precache = ${JSON.stringify(precache)};\n${source}`);
    },
  };
}
