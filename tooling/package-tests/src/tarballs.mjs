import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { addonPackages, publicPackages } from './public-packages.mjs';

const root = resolve(import.meta.dirname, '../../..');

/** Vitest's global set-up: packs once every published package that is built, of the addons this machine's; the tests get the folder by `inject('tarballs')`. */
export default function setup({ provide }) {
  const packages = publicPackages().filter(({ folder }) => existsSync(join(folder, 'dist')));
  const folder = mkdtempSync(join(tmpdir(), 'residual-tarballs-'));
  const filters = packages.map(({ name }) => `--filter=${name}`);
  execFileSync('pnpm', ['--recursive', ...filters, 'pack', '--pack-destination', folder], { stdio: 'pipe' });
  for (const entry of addonPackages()) packAddon(entry, folder);
  provide('tarballs', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The addon as `pnpm build` left it, packed as a release packs its own. */
function packAddon({ folder, platform }, destination) {
  const file = `residual-kernels.${platform}.node`;
  const built = join(root, 'packages/kernels/dist', file);
  if (!existsSync(built)) return;
  const copy = mkdtempSync(join(tmpdir(), 'residual-addon-'));
  try {
    cpSync(folder, copy, { recursive: true });
    copyFileSync(built, join(copy, file));
    copyFileSync(join(root, 'LICENSE'), join(copy, 'LICENSE'));
    execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', destination], { cwd: copy, stdio: 'pipe' });
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** The tarball of a package among those packed into `folder`. */
export function tarballOf(name, folder) {
  const file = findTarball(name, folder);
  if (!file) throw new Error(`${name} is not built; run pnpm --filter ${name}... build`);
  return join(folder, file);
}

export function hasTarball(name, folder) {
  return findTarball(name, folder) !== undefined;
}

function findTarball(name, folder) {
  const stem = name.replace('@', '').replace('/', '-');
  return readdirSync(folder).find((entry) => entry.replace(/-\d+\.\d+\.\d+.*\.tgz$/, '') === stem);
}

/** The package.json inside a tarball: what the registry would see. */
export function packedManifest(tarball) {
  return JSON.parse(execFileSync('tar', ['xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }));
}

/** Paths inside a tarball, without the leading `package/`. */
export function packedFiles(tarball) {
  const list = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return list.split('\n').flatMap((line) => (line === '' ? [] : [line.replace(/^package\//, '')]));
}
