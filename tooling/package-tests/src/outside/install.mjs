import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Project } from '../project.mjs';
import { readReadme } from '../readme.mjs';

/** What people build and test with, as of the day when each of these tests last passed. */
const tools = {
  // Parcel installs `buffer` and `process` by itself, where it finds the package manager.
  '@rspack/core': '2.3.4',
  buffer: '6.0.3',
  esbuild: '0.28.2',
  jest: '30.5.2',
  next: '16.4.6',
  parcel: '2.16.4',
  process: '0.11.10',
  react: '19.3.1',
  'react-dom': '19.3.1',
  'typescript-5.4': 'npm:typescript@5.4.5',
  'typescript-5.9': 'npm:typescript@5.9.3',
  'typescript-6': 'npm:typescript@6.0.3',
  'typescript-7': 'npm:typescript@7.0.2',
  webpack: '5.113.0',
};

/** Vitest's global set-up: one project with what the project's README installs, and the tools; `inject('project')` is its folder. */
export default async function setup(vitest) {
  const root = resolve(import.meta.dirname, '../../../..');
  const { installs } = readReadme({ name: '@residual/classifier', folder: root, manifest: {} });
  const { tarballs } = vitest.getProvidedContext();
  const ours = [...installs, '@residual/compile', '@residual/kernels'];
  const project = new Project('@residual/classifier', tarballs, ours, { tools });
  await project.install();
  const manifest = JSON.parse(readFileSync(join(project.folder, 'package.json'), 'utf8'));
  writeFileSync(
    join(project.folder, 'package.json'),
    JSON.stringify({ ...manifest, '@parcel/resolver-default': { packageExports: true } }),
  );
  vitest.provide('project', project.folder);
  return () => project.remove();
}
