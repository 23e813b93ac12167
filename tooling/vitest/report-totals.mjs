// Prints what failed and the closing line over every report there is, and fails where a test did.
import { totals } from './totals.mjs';

const { passed, skipped, failures } = totals();
for (const failure of failures) console.log(`failed: ${failure}`);
if (process.env['RESIDUAL_TESTS'] !== 'all')
  console.log('the slow tests (*.slow.test.*) did not run: RESIDUAL_TESTS=all npx pnpm@12 test');
console.log(`${passed} passed, ${failures.length} failed, ${skipped} skipped`);
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
