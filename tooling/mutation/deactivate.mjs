import { afterAll } from 'vitest';

// The next run in this thread loads its test files before Stryker names its mutant.
afterAll(() => {
  globalThis.__stryker__.activeMutant = undefined;
});
