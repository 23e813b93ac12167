import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { apiReports, outdated } from './api.mjs';

const root = mkdtempSync(join(tmpdir(), 'residual-api-'));
afterAll(() => rmSync(root, { recursive: true }));

function files(entries) {
  for (const [path, text] of Object.entries(entries)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

test('a report has what the entries lead to, without comments, and nothing else', () => {
  const exports = { '.': { types: './dist/index.d.ts' }, './package.json': './package.json' };
  files({
    'packages/a/package.json': JSON.stringify({ exports }),
    'packages/a/dist/index.d.ts':
      "/** Says\n * much. */\nexport { b } from './b.ts';\nimport type { C } from '@residual/c';\n",
    'packages/a/dist/b.d.ts': "export declare const b: import('./d.js').D;\n//# sourceMappingURL=b.d.ts.map\n",
    'packages/a/dist/d.d.ts': 'export type D = 1;\n',
    'packages/a/dist/own.d.ts': 'export type Own = 2;\n',
    'packages/own/package.json': JSON.stringify({ private: true }),
  });
  const reports = apiReports(root);
  expect([...reports.keys()]).toEqual(['a']);
  expect(reports.get('a')).toBe(
    ". is index.d.ts\n\n== b.d.ts\nexport declare const b: import('./d.js').D;\n\n== d.d.ts\nexport type D = 1;\n" +
      "\n== index.d.ts\nexport { b } from './b.ts';\nimport type { C } from '@residual/c';\n",
  );
});

test('a changed, a missing and a left-over report are out of date', () => {
  files({ 'api/same.txt': 'x', 'api/changed.txt': 'x', 'api/gone.txt': 'x' });
  const reports = new Map(Object.entries({ same: 'x', changed: 'y', new: 'z' }));
  expect(outdated(join(root, 'api'), reports)).toEqual(['changed.txt', 'gone.txt', 'new.txt']);
});
