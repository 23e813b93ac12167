import { existsSync, readFileSync } from 'node:fs';
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

test('every row of where it runs names the test that holds it, and the test is there', () => {
  const [page] = readFileSync(join(root, 'docs/where-it-runs.md'), 'utf8').split('## What an install brings');
  const held = page.split('\n').filter((line) => /^\|/.test(line) && !/^\|-|\| test \|$/.test(line));
  expect(held.length).toBeGreaterThan(15);
  for (const row of held) {
    const [cell] = row.split('|').slice(-2);
    const places = [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => placeOf(name));
    expect(places, row).not.toEqual([]);
    expect(places.filter((place) => !existsSync(join(root, place)))).toEqual([]);
  }
});

function placeOf(name) {
  if (name === 'pnpm release:dry') return 'tooling/release/dry-run.mjs';
  return name.startsWith('tooling/') ? name : `tooling/package-tests/src/${name}`;
}
