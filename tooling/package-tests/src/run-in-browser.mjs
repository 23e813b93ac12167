import { preview } from 'vite';
import { bundle } from './bundle.mjs';
import { openPage } from './open-page.mjs';
import { writePage } from './write-page.mjs';

/** Makes an example the page of a project, bundles and runs it. Answers what it prints, and Vite's warnings. */
export async function runInBrowser(browser, { folder, name }, example) {
  writePage(folder, example);
  const { warnings } = await bundle(folder);
  const server = await preview({ root: folder, configFile: false, preview: { port: 0 }, logLevel: 'silent' });
  try {
    return { warnings, printed: await openPage(browser, server.resolvedUrls.local[0], name) };
  } finally {
    await server.close();
  }
}
