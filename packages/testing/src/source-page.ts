import { createServer } from 'vite';
import { launchBrowser } from './browser.ts';
import type { OpenedPage } from './scripted-page.ts';

/** A page whose module script imports from a package's sources, such as `/src/index.ts`. */
export interface SourcePage extends OpenedPage {
  /** Loads the page anew. */
  reload(): Promise<void>;
}

/** Opens a page that Vite serves from a package's folder, once its script has run; guard with `requirement(kind)`. */
export async function openSourcePage(
  root: string,
  script: string,
  kind: 'chromium' | 'firefox' = 'chromium',
): Promise<SourcePage> {
  const server = await createServer({
    root,
    appType: 'custom',
    configFile: false,
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { port: 0, hmr: false, watch: null },
  });
  const html = `<!doctype html><script type="module">${script}; document.title = 'ready';</script>`;
  server.middlewares.use((_request, response) => {
    response.setHeader('content-type', 'text/html').end(html);
  });
  await server.listen();
  const browser = await launchBrowser(kind);
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  const reload = async (): Promise<void> => {
    await page.goto(server.resolvedUrls!.local[0]!);
    await page.waitForFunction("document.title === 'ready'");
  };
  await reload();
  return {
    page,
    reload,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
