import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import { preview } from 'vite';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { isolation, openPage } from '../open-page.mjs';
import { answer, writeBlur, writeScript } from './page.mjs';
import { run, runSaying } from './run.mjs';

const project = inject('project');
/** The strictest that WASM and workers run under: no `eval`, no other origin, no script in the page itself. */
const policy = { 'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

/** webpack's interface, which Rspack has too; prints what it warns of. */
const webpackBuild = (load) => `${load}
  const configuration = { mode: 'production', context: import.meta.dirname, entry: './page.mjs', performance: false };
  webpack(configuration, (failure, stats) => {
    if (failure) throw failure;
    const { errors, warnings } = stats.toJson();
    for (const { message } of [...errors, ...warnings]) console.log(message);
  });
`;

/** Each bundles the page of a folder into its `dist`, and answers what it warns of. */
const bundlers = {
  webpack: (folder) => runScript(folder, webpackBuild("import webpack from 'webpack';")),
  rspack: (folder) => runScript(folder, webpackBuild("import { rspack as webpack } from '@rspack/core';")),
  parcel: async (folder) => {
    const dist = join(folder, 'dist');
    const bin = join(project, 'node_modules/parcel/lib/bin.js');
    const options = ['--dist-dir', dist, '--no-cache', '--no-source-maps', '--log-level', 'warn'];
    const { stdout, stderr } = await runSaying([bin, 'build', 'index.html', ...options], folder);
    cpSync(join(project, 'node_modules/@residual/kernels/wasm'), join(dist, 'residual'), { recursive: true });
    return stdout + stderr;
  },
};

describe.skipIf(!requirement('chromium')).each(Object.keys(bundlers))('bundled by %s', (name) => {
  const folder = join(project, name);
  const bringsFiles = name !== 'parcel';
  let browser;
  let server;
  let warnings;
  beforeAll(async () => {
    mkdirSync(join(folder, 'dist'), { recursive: true });
    writeBlur(join(folder, 'blur.mjs'), bringsFiles ? '' : "{ files: '/residual/' }");
    writeScript(folder);
    const page = (script) => `<!doctype html><script type="module" src="./${script}"></script>`;
    writeFileSync(join(folder, 'index.html'), page('page.mjs'));
    if (bringsFiles) writeFileSync(join(folder, 'dist/index.html'), page('main.js'));
    warnings = await bundlers[name](folder);
    server = await preview({
      root: folder,
      configFile: false,
      logLevel: 'silent',
      // Parcel writes an import map into the page, which such a policy refuses.
      preview: { port: 0, headers: { ...isolation, ...(bringsFiles && policy) } },
    });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test(`the engine runs on workers${bringsFiles ? ', in a page whose policy allows WASM and no eval' : ''}`, async () => {
    expect(await openPage(browser, server.resolvedUrls.local[0], name)).toMatch(answer);
  });

  test('it warns of nothing', () => {
    expect(warnings).toBe('');
  });
});

function runScript(folder, text) {
  writeFileSync(join(folder, 'build.mjs'), text);
  return run([join(folder, 'build.mjs')], folder);
}
