import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * Sums the reports that vitest leaves in the `.vitest` folder of each package, app and tool, and names what failed there.
 * Who has tests and left no report has not come to its end: a failure, too.
 */
export function totals(root = resolve(import.meta.dirname, '../..')) {
  const sum = { passed: 0, skipped: 0, failures: [] };
  for (const folder of testedFolders(root)) {
    const files = reports(join(root, folder));
    if (files.length === 0) sum.failures.push(`${folder}: expected a report of its tests, got none`);
    for (const file of files) {
      const report = JSON.parse(readFileSync(join(root, folder, '.vitest', file), 'utf8'));
      sum.passed += report.numPassedTests;
      sum.skipped += report.numPendingTests + report.numTodoTests;
      const names = failedNames(report, root);
      names.push(...(report.unhandledErrors ?? []).map((error) => `outside of its tests: ${error.split('\n', 1)[0]}`));
      // A hook that fails is no test.
      if (!report.success && names.length === 0) names.push('an error outside of its tests');
      sum.failures.push(...names.map((name) => `${folder}, ${file.replace(/\.json$/, '')}: ${name}`));
    }
  }
  return sum;
}

function failedNames({ testResults }, root) {
  return testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName);
    // A file that fails to load has no tests of its own to count.
    return status === 'failed' && failed.length === 0 ? [name.replace(`${root}/`, '')] : failed;
  });
}

/** The names of the packages, apps and tools that have tests. */
export function testedPackages(root = resolve(import.meta.dirname, '../..')) {
  return testedFolders(root).map((folder) => manifestOf(join(root, folder)).name);
}

function testedFolders(root) {
  return ['packages', 'apps', 'tooling'].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => join(group, name))
      .filter((folder) => manifestOf(join(root, folder)).scripts?.test !== undefined),
  );
}

function manifestOf(folder) {
  const file = join(folder, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function reports(folder) {
  const path = join(folder, '.vitest');
  return existsSync(path) ? readdirSync(path).filter((file) => file.endsWith('.json')) : [];
}
