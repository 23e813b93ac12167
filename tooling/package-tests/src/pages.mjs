import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** The READMEs and the docs, by their paths in the repository. */
export function pages() {
  const below = (group) => readdirSync(join(root, group)).map((entry) => join(group, entry, 'README.md'));
  const docs = readdirSync(join(root, 'docs'), { recursive: true }).map((file) => join('docs', file));
  return [
    'README.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'examples/README.md',
    ...below('packages'),
    ...below('apps'),
    ...docs,
  ].filter((path) => path.endsWith('.md') && existsSync(join(root, path)));
}
