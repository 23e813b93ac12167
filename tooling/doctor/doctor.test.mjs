import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parts } from './parts.mjs';

const root = resolve(import.meta.dirname, '../..');

test('it knows all that a test may ask for', () => {
  const source = readFileSync(join(root, 'packages/testing/src/requirement.ts'), 'utf8');
  const union = /export type RequirementName =([^;]*);/.exec(source)[1];
  expect(Object.keys(parts).sort()).toEqual([...union.matchAll(/'([^']+)'/g)].map(([, name]) => name).sort());
});

test('it says of each whether this machine has it', () => {
  const env = { ...process.env, RESIDUAL_REQUIRE: '', RESIDUAL_DATA: '/nowhere' };
  const said = execFileSync(process.execPath, [join(import.meta.dirname, 'doctor.mjs')], { env, encoding: 'utf8' });
  expect(said).toMatch(/│ data +│ 'no' +│/);
  expect(said).toMatch(/^The tests that need .*\bdata\b.* skip/m);
});
