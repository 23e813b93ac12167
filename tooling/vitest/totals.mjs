import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Sums the reports that vitest leaves in the `.vitest` folder of each package, app and tool. */
export function totals(root = resolve(import.meta.dirname, '../..')) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const file of reports(root)) {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    sum.passed += report.numPassedTests;
    // A file that fails to load has no tests of its own to count.
    const broken = report.testResults.filter(
      (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
    );
    sum.failed += report.numFailedTests + broken.length;
    sum.skipped += report.numPendingTests + report.numTodoTests;
  }
  return sum;
}

function reports(root) {
  return ['packages', 'apps', 'tooling'].flatMap((group) =>
    readdirSync(join(root, group)).flatMap((name) => {
      const folder = join(root, group, name, '.vitest');
      return existsSync(folder)
        ? readdirSync(folder)
            .filter((file) => file.endsWith('.json'))
            .map((file) => join(folder, file))
        : [];
    }),
  );
}
