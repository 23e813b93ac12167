import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicPackages } from './public-packages.mjs';

/** Vitest's global set-up: packs once every published package that is built; the tests get the folder by `inject('tarballs')`. */
export default function setup({ provide }) {
  const packages = publicPackages().filter(({ folder }) => existsSync(join(folder, 'dist')));
  const folder = mkdtempSync(join(tmpdir(), 'residual-tarballs-'));
  const filters = packages.map(({ name }) => `--filter=${name}`);
  execFileSync('pnpm', ['--recursive', ...filters, 'pack', '--pack-destination', folder], { stdio: 'pipe' });
  provide('tarballs', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The tarball of a package among those packed into `folder`. */
export function tarballOf(name, folder) {
  const stem = name.replace('@', '').replace('/', '-');
  const file = readdirSync(folder).find((entry) => entry.replace(/-\d+\.\d+\.\d+.*\.tgz$/, '') === stem);
  if (!file) throw new Error(`${name} is not built; run pnpm --filter ${name}... build`);
  return join(folder, file);
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
