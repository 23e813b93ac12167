import { resolve } from 'node:path';
import { readReadme } from '../readme.mjs';

/** The project README's example as a module with one function, `classify`, that answers what the example prints. */
export function classifyModule() {
  const root = resolve(import.meta.dirname, '../../../..');
  const { example } = readReadme({ name: '@residual/classifier', folder: root, manifest: {} });
  const lines = example.split('\n');
  const isImport = (line) => line.startsWith('import ');
  const body = lines
    .filter((line) => !isImport(line))
    .map((line) => line.replace(/console\.log\((.*)\);.*/, 'const said = [$1].join(" ");'));
  return [...lines.filter(isImport), 'export async function classify() {', ...body, 'return said;', '}', ''].join('\n');
}

/** What it answers. */
export const answer = 'wide_resnet14_2 cat 1.00';
