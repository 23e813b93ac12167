import { defineConfig, mergeConfig } from 'vitest/config';
import library from '../vitest/library.ts';

/** Other people's bundlers and runtimes, which take minutes to install and build: `.ci/run` runs these. */
export default mergeConfig(
  library,
  defineConfig({
    test: {
      include: ['src/outside/*.test.mjs'],
      globalSetup: ['src/tarballs.mjs', 'src/outside/install.mjs'],
      testTimeout: 400_000,
      hookTimeout: 400_000,
    },
  }),
);
