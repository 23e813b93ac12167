import { expect, test } from 'vitest';
import { docsFolder, documentedTable } from './documented-table.ts';

test('the table of docs/gpu is that of the reports beside it', () => {
  const { before, after } = documentedTable(docsFolder);
  expect(before, 'draw it again: pnpm --filter @residual/bench gpu-table').toBe(after);
  expect(after).toMatch(/llvmpipe/);
  expect(after).toMatch(/SwiftShader/i);
});
