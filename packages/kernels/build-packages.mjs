// Builds the addon for the packages in npm/, each for one platform: `node build-packages.mjs [NAME…]`, e.g. `linux-arm64-musl`.
// Without names, for this machine's own. Linux and macOS are cross-built by cargo-zigbuild (PyPI's `cargo-zigbuild` and
// `ziglang` bring it), whose glibc is the oldest that Node 20 runs on; Windows builds its own.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { platformName } from './dist/platform-name.js';

const here = import.meta.dirname;
const crate = join(here, 'crate');
const GLIBC = '2.28';
const platforms = {
  'darwin-arm64': { target: 'aarch64-apple-darwin', library: 'libresidual_kernels.dylib' },
  'darwin-x64': { target: 'x86_64-apple-darwin', library: 'libresidual_kernels.dylib' },
  'linux-arm64-gnu': { target: 'aarch64-unknown-linux-gnu', glibc: GLIBC, library: 'libresidual_kernels.so' },
  'linux-arm64-musl': { target: 'aarch64-unknown-linux-musl', library: 'libresidual_kernels.so' },
  'linux-x64-gnu': { target: 'x86_64-unknown-linux-gnu', glibc: GLIBC, library: 'libresidual_kernels.so' },
  'linux-x64-musl': { target: 'x86_64-unknown-linux-musl', library: 'libresidual_kernels.so' },
  'win32-x64-msvc': { target: 'x86_64-pc-windows-msvc', library: 'residual_kernels.dll' },
};

const missing = readdirSync(join(here, 'npm')).filter((name) => !(name in platforms));
if (missing.length > 0) fail(`no target is known for npm/${missing.join(', npm/')}`);
const names = process.argv.length > 2 ? process.argv.slice(2) : [platformName()];
for (const name of names)
  build(name, platforms[name] ?? fail(`expected one of ${Object.keys(platforms)}, got ${name}`));

function build(name, { target, glibc, library }) {
  run('rustup', ['target', 'add', target]);
  const flags = ['--release', '--locked', '--features', 'node'];
  // A library that is loaded must share the C library of who loads it.
  const rustFlags = target.endsWith('-musl') ? { RUSTFLAGS: '-Ctarget-feature=-crt-static' } : {};
  if (process.platform === 'win32') run('cargo', ['build', ...flags, '--target', target], rustFlags);
  else run('cargo', ['zigbuild', ...flags, '--target', glibc ? `${target}.${glibc}` : target], rustFlags);
  const built = join(here, 'npm', name, `residual-kernels.${name}.node`);
  copyFileSync(join(here, 'target', target, 'release', library), `${built}.new`);
  renameSync(`${built}.new`, built);
  console.log(`kernels: npm/${name}/residual-kernels.${name}.node`);
}

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: crate,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) fail(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
}

function fail(reason) {
  console.error(`kernels: ${reason}`);
  process.exit(1);
}
