import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import { Report } from './report.ts';

const conditions: string[] = ['@residual/source', 'node', 'import', 'module', 'default'];

/**
 * Files named `.slow.test` are the second tier: who sets `RESIDUAL_TESTS=all` runs them, as `.ci/run` does, and who names
 * one on the command line.
 */
const isWhole =
  process.env['RESIDUAL_TESTS'] === 'all' || process.argv.some((argument) => argument.includes('.slow.test'));

/** The one vitest configuration of every package: tests run from sources, and leave a report that the root sums up. */
const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: isWhole ? configDefaults.exclude : [...configDefaults.exclude, '**/*.slow.test.*'],
    reporters: ['default', new Report({ outputFile: process.env['RESIDUAL_TEST_REPORT'] ?? '.vitest/report.json' })],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    passWithNoTests: true,
    // A million numbers that differ are said in a few lines.
    diff: { truncateThreshold: 20, maxDepth: 8 },
  },
});
export default config;
