import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { Project } from './project.mjs';

/** The most that an install brings: all of it, and what is not tfjs, in MiB. */
const limits = [
  { name: '@residual/weights', all: 7, withoutTfjs: 7 },
  { name: '@residual/cli', all: 215, withoutTfjs: 120 },
];

describe.each(limits)('$name, installed alone', ({ name, all, withoutTfjs }) => {
  test(`brings at most ${all} MiB, and without tfjs ${withoutTfjs}`, async () => {
    const project = new Project(name, inject('tarballs'), [name]);
    try {
      await project.install();
      const files = filesIn(join(project.folder, 'node_modules/.pnpm'));
      const sizeOf = (some) => some.reduce((sum, file) => sum + statSync(file).size, 0) / 2 ** 20;
      const [size, own] = [sizeOf(files), sizeOf(files.filter((file) => !file.includes('/@tensorflow/')))];
      expect(size, `${name}: find what makes it heavier, or raise the figure here`).toBeLessThanOrEqual(all);
      expect(size, `${name} is lighter by far than the figure here; lower it`).toBeGreaterThan(all * 0.7);
      expect(own, `${name}: find what makes it heavier, or raise the figure here`).toBeLessThanOrEqual(withoutTfjs);
    } finally {
      project.remove();
    }
  });
});

/** Each once: links, of which pnpm makes a package's dependencies, are not followed. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
