import { requirement } from '@residual/testing';
import { defineConfig, mergeConfig } from 'vitest/config';
import library from '../vitest/library.ts';
import { puppeteer } from './src/puppeteer-provider.ts';

// Firefox takes Chromium's driver.
const present = (['chromium', 'firefox'] as const).filter((name) => requirement('chromium') && requirement(name));
if (present.length === 0) console.warn('no browser here: the contract is not tried in any');

export default mergeConfig(
  library,
  defineConfig({
    resolve: { conditions: ['@residual/source', 'browser', 'import', 'module', 'default'] },
    test: {
      exclude: present.length > 0 ? [] : ['**'],
      browser: {
        enabled: present.length > 0,
        headless: true,
        screenshotFailures: false,
        provider: puppeteer(),
        instances: present.map((browser) => ({ browser })),
      },
    },
  }),
);
