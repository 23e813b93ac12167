import { defaultClientConditions, defineConfig, type UserConfig } from 'vite';

/** The page runs from the packages' sources, under any path of any static server. */
const config: UserConfig = defineConfig({
  base: './',
  resolve: { conditions: ['@residual/source', ...defaultClientConditions] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 1500 },
});
export default config;
