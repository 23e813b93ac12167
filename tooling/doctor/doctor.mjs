// What this machine has of what the tests can use, what each adds, and how to get it: `pnpm run doctor`. Nothing of it is needed to
// work on a package: a test that lacks something skips, and says so.
import { requirement } from '../../packages/testing/dist/requirement.js';
import { parts } from './parts.mjs';

const rows = Object.entries(parts).map(([name, { adds, get }]) => {
  const isHere = requirement(name);
  return { part: name, here: isHere ? 'yes' : 'no', 'what it adds': adds, 'how to get it': isHere ? '' : get };
});
console.log(`Node ${process.version} on ${process.platform} ${process.arch}; 20 or later is enough`);
console.table(Object.fromEntries(rows.map(({ part, ...row }) => [part, row])));
const missing = rows.filter(({ here }) => here === 'no').map(({ part }) => part);
console.log(
  missing.length === 0
    ? 'Everything is here: no test skips.'
    : `The tests that need ${missing.join(', ')} skip; all the rest works.`,
);
