import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { addonPackages, publicPackages, withItsDependencies } from './public-packages.mjs';
import { hasTarball, packedManifest, tarballOf } from './tarballs.mjs';

const run = promisify(execFile);

/**
 * An empty project into which nothing is installed but what a README's install line names, packages of this repository
 * from their tarballs, and `tools`, the versions of packages of others by name. pnpm's strict layout and peers keep anything
 * else out of reach.
 */
export class Project {
  constructor(name, tarballs, installs = [name], { addons = true, tools = {} } = {}) {
    this.name = name;
    this.folder = mkdtempSync(join(tmpdir(), 'residual-project-'));
    const ours = publicPackages().map((entry) => entry.name);
    const manifests = [...new Set([name, ...installs])]
      .filter((word) => ours.includes(word))
      .map((word) => packedManifest(tarballOf(word, tarballs)));
    const specs = installs.map((word) => [
      word,
      ours.includes(word) ? fileOf(word, tarballs) : versionOf(word, manifests),
    ]);
    this.#write(
      'package.json',
      JSON.stringify({
        name: 'empty',
        private: true,
        type: 'module',
        dependencies: { ...Object.fromEntries(specs), ...tools },
      }),
    );
    const settings = {
      overrides: {
        ...Object.fromEntries(
          installs.flatMap((word) => withItsDependencies(word)).map((word) => [word, fileOf(word, tarballs)]),
        ),
        ...addonOverrides(tarballs, addons),
      },
      autoInstallPeers: false,
      strictPeerDependencies: true,
      ignoreScripts: true,
    };
    // JSON is YAML.
    this.#write('pnpm-workspace.yaml', JSON.stringify(settings));
  }

  async install() {
    try {
      await run('pnpm', ['install', '--prefer-offline', '--no-frozen-lockfile'], { cwd: this.folder });
    } catch (error) {
      const next = `its README's install line must name every peer that it needs`;
      throw new Error(
        `${this.name}: cannot be installed as its README says (${next}):\n${error.stdout}${error.stderr}`,
      );
    }
  }

  /** Saves a README's example, and runs it: JavaScript with this Node, a command's with the shell. Answers what it prints. */
  async run(example, { shell = false } = {}) {
    const file = this.#write(shell ? 'example.sh' : 'example.mjs', example);
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      // pnpm's own would let `require` find what this repository has.
      NODE_PATH: '',
      PATH: `${join(this.folder, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
    };
    try {
      const [command, args] = shell ? ['sh', ['-e', file]] : [process.execPath, [file]];
      return (await run(command, args, { cwd: this.folder, env, timeout: 60_000 })).stdout;
    } catch (error) {
      const next = 'mend the example, or name what it needs in the install line';
      throw new Error(
        `${this.name}: the example in its README fails (${next}):\n${error.stdout}${error.stderr || error.message}`,
      );
    }
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(file, text) {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, file), text);
    return join(this.folder, file);
  }
}

/** Addons of other machines, of which there is no tarball, are left out; without `addons` this machine's too. */
function addonOverrides(tarballs, addons) {
  const isThere = (name) => addons && hasTarball(name, tarballs);
  return Object.fromEntries(addonPackages().map(({ name }) => [name, isThere(name) ? fileOf(name, tarballs) : '-']));
}

function fileOf(name, tarballs) {
  return `file:${tarballOf(name, tarballs)}`;
}

/** The version of a package of others that the first of ours wants, or is tested with. */
function versionOf(word, manifests) {
  const versions = manifests.map(
    ({ dependencies, optionalDependencies, peerDependencies, devDependencies }) =>
      ({ ...dependencies, ...optionalDependencies, ...peerDependencies, ...devDependencies })[word],
  );
  const version = versions.find(Boolean);
  if (version) return version;
  const { name } = manifests[0];
  throw new Error(
    `${name}: its README installs ${word}, of which its package.json knows no version; add it to devDependencies`,
  );
}
