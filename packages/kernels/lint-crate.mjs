// Rust's formatter and linter over the crate, for each target that it has code for. Where Rust is absent it says so, unless
// RESIDUAL_REQUIRE lists rust.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const crate = join(import.meta.dirname, 'crate');
const isRequired = (process.env.RESIDUAL_REQUIRE ?? '').split(',').includes('rust');

if (cargo(['--version']).status !== 0) {
  console.warn('kernels: the crate is not linted: no Rust found (https://rustup.rs installs it)');
  process.exit(isRequired ? 1 : 0);
}
lint('format', ['fmt', '--check']);
lint('this machine', clippy('--all-targets', '--all-features'));
lint('aarch64', clippy('--all-targets', '--target', 'aarch64-unknown-linux-gnu'));
const wasm = clippy('--lib', '--target', 'wasm32-unknown-unknown');
lint('WASM', wasm, '-Ctarget-feature=+simd128');
lint('WASM with threads', wasm, '-Ctarget-feature=+simd128,+relaxed-simd,+atomics');

function lint(what, args, flags) {
  const run = cargo(args, flags);
  if (run.status === 0) return;
  console.error(`${run.stdout}${run.stderr}kernels: the crate for ${what}: cargo ${args[0]} found what is above`);
  process.exitCode = 1;
}

/** In the profile of the addon, whose macros are built already. */
function clippy(...targets) {
  return ['clippy', '--release', '--quiet', '--locked', ...targets, '--', '-D', 'warnings'];
}

function cargo(args, flags) {
  // `atomics` of WASM is an unstable feature, which RUSTC_BOOTSTRAP lets the pinned stable compiler take.
  const env = flags ? { ...process.env, RUSTC_BOOTSTRAP: '1', RUSTFLAGS: flags } : process.env;
  return spawnSync('cargo', args, { cwd: crate, encoding: 'utf8', env });
}
