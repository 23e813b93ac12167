// Where the repository is, written into every published package: `node set-address.mjs https://github.com/OWNER/NAME`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { addonPackages, publicPackages } from '../package-tests/src/public-packages.mjs';

/** A package.json of `folder` with `repository`, `homepage` and `bugs` of `address`, after its author. */
export function withAddress(manifest, address, folder) {
  const { repository, homepage, bugs, ...others } = manifest;
  if (others.author === undefined) throw new Error(`${folder}/package.json: expected an author, got none; add one`);
  const added = {
    repository: { type: 'git', url: `git+${address}.git`, directory: folder },
    homepage: `${address}/tree/main/${folder}#readme`,
    bugs: `${address}/issues`,
  };
  return Object.fromEntries(
    Object.entries(others).flatMap((entry) => (entry[0] === 'author' ? [entry, ...Object.entries(added)] : [entry])),
  );
}

if (process.argv[1] === import.meta.filename) {
  const [address] = process.argv.slice(2);
  if (!/^https:\/\/github\.com\/[^/\s]+\/[^/\s]+$/.test(address ?? '')) {
    console.error(`set-address: expected https://github.com/OWNER/NAME, got ${address ?? 'nothing'}`);
    process.exit(1);
  }
  const root = resolve(import.meta.dirname, '../..');
  for (const { folder } of [...publicPackages(), ...addonPackages()]) {
    const file = join(folder, 'package.json');
    const manifest = withAddress(JSON.parse(readFileSync(file, 'utf8')), address, relative(root, folder));
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}
