import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderVariants } from './folder-variants.ts';

test('what one memory keeps in a folder, the next finds; nothing else stays there', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'residual-variants-'));
  try {
    const folder = join(parent, 'deeper');
    await folderVariants(folder).set('mesa | layer/of 3×3', 'tiled');
    await folderVariants(folder).set('mesa | layer/of 3×3', 'winograd 4');
    expect(await folderVariants(folder).get('mesa | layer/of 3×3')).toBe('winograd 4');
    expect(await folderVariants(folder).get('mesa | another')).toBeUndefined();
    expect(await readdir(folder)).toHaveLength(1);
  } finally {
    await rm(parent, { recursive: true });
  }
});
