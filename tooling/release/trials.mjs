import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readReadme } from '../package-tests/src/readme.mjs';

/** Each as npm brings it; the first is the one that runs this. */
const runtimes = {
  [`node ${process.version}`]: [process.execPath],
  'node 22': npx('node@22'),
  'node 24': npx('node@24'),
  bun: npx('bun'),
};
/** Packages that only bundlers and pages can use. */
const browserOnly = ['@residual/backend-webgpu'];

function npx(spec) {
  return ['npx', '-y', '--package', spec, spec.split('@')[0]];
}

/** The project's README in one empty project, on every runtime: a line for each that fails. */
export async function tryRuntimes(root, folder, registry) {
  const { installs, example } = readReadme({ name: '@residual/classifier', folder: root, manifest: {} });
  const project = install(folder, registry, installs);
  writeFileSync(join(project, 'example.mjs'), example);
  return Object.entries(runtimes).flatMap(([title, command]) =>
    attempt(`the project’s README on ${title}`, () => run([...command, 'example.mjs'], project)),
  );
}

/** Every package's README in an empty project of its own: a line for each that fails. */
export function tryReadmes(packages, folder, registry) {
  return packages.flatMap((entry) => {
    // An addon comes by the kernels; what only a page can run is tried in a page by the packaging tests.
    if (/^@residual\/kernels-/.test(entry.name) || browserOnly.includes(entry.name)) return [];
    return attempt(`the README of ${entry.name}`, () => {
      const { installs, example } = readReadme(entry);
      const project = install(
        folder,
        registry,
        installs.filter((word) => word !== '--global'),
      );
      const isCommand = entry.manifest.bin !== undefined;
      writeFileSync(join(project, 'example'), example);
      writeFileSync(join(project, 'example.mjs'), example);
      const path = `${join(project, 'node_modules/.bin')}:${process.env.PATH}`;
      return run(isCommand ? ['sh', '-e', 'example'] : [process.execPath, 'example.mjs'], project, { PATH: path });
    });
  });
}

function install(folder, registry, installs) {
  const project = mkdtempSync(join(folder, 'project-'));
  writeFileSync(join(project, '.npmrc'), registry.npmrc);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  run(['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', ...installs], project);
  return project;
}

function run([command, ...args], cwd, env = {}) {
  return execFileSync(command, args, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', NODE_PATH: '', ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
}

function attempt(title, trial) {
  try {
    console.log(`${title}: ${trial().trim().split('\n').at(-1)}`);
    return [];
  } catch (error) {
    return [`${title}: ${(error.stderr || error.message).trim()}`];
  }
}
