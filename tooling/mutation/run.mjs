// Mutation tests of one package: `pnpm mutation blocks`, or some of its sources: `pnpm mutation weights 'src/numpy/*.ts'`.
// What is known from the last run stays in `.mutation` and is not run again; the report is `.mutation/NAME/index.html`.
import { relative, resolve } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { packages } from './packages.mjs';

const root = resolve(import.meta.dirname, '../..');
const [name, ...globs] = process.argv.slice(2);
const chosen = packages[name];
if (chosen === undefined) {
  console.error(`expected a package of ${Object.keys(packages).join(', ')}, got ${name ?? 'none'}`);
  process.exit(2);
}
const state = resolve(root, '.mutation');
const output = resolve(state, name);
process.chdir(resolve(root, 'packages', name));

await new Stryker({
  mutate: [...(globs.length > 0 ? globs : chosen.mutate), '!src/**/*.test.ts'],
  testRunner: 'kept-vitest',
  plugins: [
    '@stryker-mutator/vitest-runner',
    ...['error-texts.mjs', 'kept-runner.mjs', 'survivors.mjs'].map((file) => resolve(import.meta.dirname, file)),
  ],
  ignorers: ['error-texts'],
  vitest: { configFile: resolve(import.meta.dirname, 'vitest.config.ts'), related: false },
  coverageAnalysis: 'perTest',
  incremental: true,
  incrementalFile: resolve(output, 'incremental.json'),
  reporters: ['progress-append-only', 'survivors', 'clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: false },
  htmlReporter: { fileName: resolve(output, 'index.html') },
  jsonReporter: { fileName: resolve(output, 'report.json') },
  // The sandbox has the depth of a package, so that `../../tooling` is there too.
  tempDirName: relative(process.cwd(), state),
  ignorePatterns: ['dist', '.turbo', '.vitest', 'tsconfig*.json'],
  // Its references would lead out of the sandbox, and TypeScript 7 has not the API with which Stryker rewrites them.
  tsconfigFile: 'none.json',
  concurrency: 2,
  // A mutant that takes too long counts as killed: what stops a machine for minutes must not kill.
  timeoutMS: 600_000,
  dryRunTimeoutMinutes: 20,
  allowConsoleColors: false,
  disableTypeChecks: false,
  thresholds: { high: 95, low: 85, break: globs.length > 0 ? null : 85 },
}).runMutationTest();
