import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { pages } from './pages.mjs';

const root = resolve(import.meta.dirname, '../../..');

// A screen reader says the name of the column before each cell; axe finds an empty one on the site.
test('every column of a table in the READMEs and the docs has a name', () => {
  const tables = pages().flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/^(\|.*\|)\n\|[-:| ]+\|$/gm)].map(([, head]) => ({
      page,
      head,
    })),
  );
  expect(tables.length).toBeGreaterThan(50);
  expect(tables.filter(({ head }) => /\|\s*\|/.test(head))).toEqual([]);
});
