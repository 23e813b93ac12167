import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { answer, classifyModule } from './classify.mjs';
import { run } from './run.mjs';

const project = inject('project');

test.each([
  ['esm', 'mjs'],
  ['cjs', 'cjs'],
])(
  'a server that esbuild bundles as %s, with the packages left outside, classifies a picture',
  async (format, extension) => {
    const source = join(project, `server-${format}.mjs`);
    const bundle = join(project, `server-${format}.out.${extension}`);
    writeFileSync(source, `${classifyModule()}classify().then(console.log);\n`);
    const esbuild = join(project, 'node_modules/esbuild/bin/esbuild');
    const words = ['--bundle', '--platform=node', '--packages=external', `--format=${format}`, '--log-level=warning'];
    await run([esbuild, source, ...words, `--outfile=${bundle}`], project);
    expect((await run([bundle], project)).trim()).toBe(answer);
  },
);
