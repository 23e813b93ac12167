import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { addonPackages, publicPackages } from '../package-tests/src/public-packages.mjs';
import { packedFiles, packedManifest } from '../package-tests/src/tarballs.mjs';

/**
 * Packs what is committed in `root`, in the versions that its changesets ask for, into `folder`. Answers the `packages`
 * in the order in which they can be published, and the names of those `withoutAddon`: for them nothing was built here.
 */
export function stageRelease(root, folder) {
  const copy = join(folder, 'repository');
  const run = (command, ...args) => execFileSync(command, args, { cwd: copy, stdio: ['ignore', 'pipe', 'inherit'] });
  execFileSync('git', ['clone', '--quiet', '--local', root, copy]);
  run('pnpm', 'install', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts');
  run('pnpm', 'exec', 'changeset', 'version');
  const here = publicPackages();
  for (const entry of here) cpSync(join(entry.folder, 'dist'), inCopy(entry, 'dist'), { recursive: true });
  const addons = addonPackages();
  for (const entry of addons) {
    const file = `residual-kernels.${entry.platform}.node`;
    const built = [join(entry.folder, file), join(root, 'packages/kernels/dist', file)].find(existsSync);
    if (built) copyFileSync(built, inCopy(entry, file));
  }
  const withAddon = addons.filter((entry) => existsSync(inCopy(entry, `residual-kernels.${entry.platform}.node`)));
  const tarballs = join(folder, 'tarballs');
  mkdirSync(tarballs);
  const packed = [...withAddon, ...here];
  const filters = packed.map(({ name }) => `--filter=${name}`);
  run('pnpm', '--recursive', ...filters, 'pack', '--pack-destination', tarballs);
  const entries = readdirSync(tarballs).map((file) => describeTarball(join(tarballs, file), packed));
  return {
    packages: packed.map(({ name }) => entries.find((entry) => entry.name === name)),
    withoutAddon: addons.filter((entry) => !withAddon.includes(entry)).map(({ name }) => name),
  };

  function inCopy(entry, path) {
    return join(copy, relative(root, entry.folder), path);
  }
}

function describeTarball(tarball, packed) {
  const { name, version } = packedManifest(tarball);
  const list = execFileSync('tar', ['tzvf', tarball], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const unpackedBytes = list.split('\n').reduce((sum, line) => sum + Number(line.split(/\s+/)[2] ?? 0), 0);
  const { folder, manifest } = packed.find((entry) => entry.name === name);
  const files = packedFiles(tarball).length;
  return { name, version, folder, manifest, tarball, files, packedBytes: statSync(tarball).size, unpackedBytes };
}
