import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { codeBlocks } from '../../package-tests/src/code-blocks.mjs';

const page = new URL('../../../docs/adding-an-architecture.md', import.meta.url);
// Beside the sources, where modules resolve as theirs do, and where nothing is committed.
const folder = new URL('../.vitest/adding-an-architecture/', import.meta.url);

test('the code of docs/adding-an-architecture.md runs as it stands', async () => {
  const files = codeBlocks(fileURLToPath(page)).filter(({ file }) => file !== undefined);
  expect(files.map(({ file }) => file)).toEqual(['resnet50c.ts', 'layer-scale.ts', 'single-block.ts', 'check.ts']);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  mkdirSync(folder, { recursive: true });
  try {
    for (const { file, text } of files) writeFileSync(new URL(file!, folder), text);
    await import(/* @vite-ignore */ new URL('check.ts', folder).href);
    expect(log.mock.calls.map(([name]) => name)).toEqual(['single', 'scaled']);
  } finally {
    log.mockRestore();
    rmSync(folder, { recursive: true });
  }
});
