import { launchBrowser } from '@residual/testing/browser';
import { defineBrowserProvider } from '@vitest/browser';
import type { Browser } from 'puppeteer-core';
import type { BrowserProvider, BrowserProviderOption } from 'vitest/node';

/** Has vitest's browser mode run in the browsers that `@residual/testing` starts, with a WebGPU adapter. */
export function puppeteer(): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'puppeteer',
    supportedBrowser: ['chromium', 'firefox'],
    options: {},
    providerFactory({ config }): BrowserProvider {
      const kind = config.browser.name === 'firefox' ? 'firefox' : 'chromium';
      const browsers: Browser[] = [];
      return {
        name: 'puppeteer',
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        async openPage(_session, url) {
          const browser = await launchBrowser(kind, { webgpu: true });
          browsers.push(browser);
          await (await browser.newPage()).goto(url);
        },
        async close() {
          await Promise.all(browsers.splice(0).map((browser) => browser.close()));
        },
      };
    },
  });
}
