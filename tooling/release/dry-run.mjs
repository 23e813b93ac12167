// What a release would publish, and whether it works: `pnpm release:dry`. Nothing leaves this machine and nothing in the
// repository changes. Of what is committed, a copy gets the versions that the changesets ask for and is packed; a registry
// of this machine's own takes the tarballs; empty projects install them from there and run the READMEs' examples.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startRegistry } from './registry.mjs';
import { stageRelease } from './stage.mjs';
import { tryReadmes, tryRuntimes } from './trials.mjs';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'residual-release-'));
let registry;
try {
  const { packages, withoutAddon } = stageRelease(root, folder);
  console.table(
    Object.fromEntries(
      packages.map(({ name, version, files, packedBytes, unpackedBytes }) => [
        name,
        { version, tag: 'latest', files, 'packed kB': kilo(packedBytes), 'unpacked kB': kilo(unpackedBytes) },
      ]),
    ),
  );
  console.log(`git tags: ${packages.map(({ name, version }) => `${name}@${version}`).join(', ')}`);
  console.log('provenance: by the release workflow, which npm trusts; none from here');
  if (withoutAddon.length > 0) console.log(`built by the release workflow, not here: ${withoutAddon.join(', ')}`);
  registry = await startRegistry(folder);
  for (const { tarball } of packages) registry.publish(tarball);
  const failures = [...(await tryRuntimes(root, folder, registry)), ...tryReadmes(packages, folder, registry)];
  for (const failure of failures) console.error(failure);
  console.log(failures.length === 0 ? 'everything installs and runs' : `${failures.length} trials failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} finally {
  registry?.stop();
  rmSync(folder, { recursive: true, force: true });
}

function kilo(bytes) {
  return Math.round(bytes / 1000);
}
