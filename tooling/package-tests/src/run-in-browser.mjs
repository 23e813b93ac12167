import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { preview } from 'vite';
import { bundle } from './bundle.mjs';

/** Makes an example the page of a project, bundles and runs it. Answers what it prints, and Vite's warnings. */
export async function runInBrowser(browser, { folder, name }, example) {
  writeFileSync(join(folder, 'page.mjs'), `${example}\nglobalThis.exampleIsDone = true;\n`);
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="/page.mjs"></script>');
  const { warnings } = await bundle(folder);
  const server = await preview({ root: folder, configFile: false, preview: { port: 0 }, logLevel: 'silent' });
  const page = await browser.newPage();
  try {
    const printed = [];
    page.on('console', (message) => printed.push(message.text()));
    const failed = new Promise((_, reject) => {
      page.on('pageerror', ({ message }) =>
        reject(new Error(`${name}: the example in its README fails in a browser: ${message}`)),
      );
    });
    const done = page
      .goto(server.resolvedUrls.local[0])
      .then(() => page.waitForFunction('globalThis.exampleIsDone', { timeout: 60_000 }));
    await Promise.race([failed, done]);
    return { warnings, printed: printed.join('\n') };
  } finally {
    await page.close();
    await server.close();
  }
}
