// Prints the closing line over every report there is, and fails where a test did.
import { totals } from './totals.mjs';

const { passed, failed, skipped } = totals();
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
