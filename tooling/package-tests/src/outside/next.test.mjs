import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { requirement } from '@residual/testing';
import { launchChromium } from '@residual/testing/browser';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openPage } from '../open-page.mjs';
import { answer, classifyModule } from './classify.mjs';
import { writeBlur } from './page.mjs';
import { cleanEnvironment, run } from './run.mjs';

const project = inject('project');
const next = join(project, 'node_modules/next/dist/bin/next');
const readme = readFileSync(resolve(import.meta.dirname, '../../../../packages/backend-node/README.md'), 'utf8');

const files = {
  'next.config.mjs': /^export default \{\s*serverExternalPackages: [^}]*\};/m.exec(readme)?.[0],
  'classify.mjs': classifyModule(),
  'app/layout.jsx': `export default function Layout({ children }) {
    return <html lang="en"><body>{children}</body></html>;
  }`,
  'app/page.jsx': `'use client';
  import { useEffect } from 'react';
  import { blur } from '../blur.mjs';
  export default function Page() {
    useEffect(() => void blur().then((said) => { console.log(said); globalThis.exampleIsDone = true; }), []);
    return <p>A page</p>;
  }`,
  'app/api/classify/route.js': `import { classify } from '../../../classify.mjs';
  export const dynamic = 'force-dynamic';
  export async function GET() {
    return new Response(await classify());
  }`,
};

describe.each(['turbopack', 'webpack'])('Next with %s', (bundler) => {
  let server;
  let address;
  beforeAll(async () => {
    writeBlur(join(project, 'blur.mjs'));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project, file)), { recursive: true });
      writeFileSync(join(project, file), text);
    }
    await run([next, 'build', `--${bundler}`], project);
    server = spawn(process.execPath, [next, 'start', '--port', '0'], { cwd: project, env: cleanEnvironment });
    address = await new Promise((done, fail) => {
      let said = '';
      server.stdout.setEncoding('utf8').on('data', (text) => {
        said += text;
        const [found] = /http:\/\/localhost:\d+/.exec(said) ?? [];
        if (found && said.includes('Ready')) done(found);
      });
      server.on('exit', () => fail(new Error(`next start ended: ${said}`)));
    });
  });
  afterAll(async () => {
    if (server?.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill();
    await ended;
  });

  test('a route handler classifies a picture', async () => {
    const response = await fetch(`${address}/api/classify`);
    expect(await response.text()).toBe(answer);
  });

  test.skipIf(!requirement('chromium'))('a client component runs the engine', async () => {
    const browser = await launchChromium();
    try {
      expect(await openPage(browser, address, bundler)).toMatch(
        /^1\.000 1\.000 1\.000 1\.000 on WASM relaxed-simd, 1 thread$/m,
      );
    } finally {
      await browser.close();
    }
  });
});
