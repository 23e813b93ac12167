// Builds the modules in wasm/: for one thread and for several, each with and without relaxed SIMD. The same sources and
// the pinned toolchain give the same bytes on any machine; with --check the committed files are compared instead of
// written.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const here = import.meta.dirname;
const crate = join(here, 'crate');

const rustc = spawnSync('rustc', ['--print', 'sysroot'], { cwd: crate, encoding: 'utf8' });
if (rustc.status !== 0) {
  console.error('kernels: no Rust found; https://rustup.rs installs it, rust-toolchain.toml says which');
  process.exit(1);
}
const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
const flags = [
  // The kernels are inlined where they say so; the rest is planning, where small counts. Loop strength reduction turns
  // constant distances, which are part of a load in WASM, into additions before it.
  '-Cllvm-args=-inline-threshold=5 -unroll-runtime=false -unroll-allow-partial=false -disable-lsr',
  // A panic is a trap, and says nothing: without this, half of the standard library's formatting is in the module.
  '-Zunstable-options',
  '-Cpanic=immediate-abort',
  '-Zlocation-detail=none',
  // Paths of this machine would make the bytes its own.
  `--remap-path-prefix=${crate}=/kernels`,
  `--remap-path-prefix=${cargoHome}=/cargo`,
  `--remap-path-prefix=${rustc.stdout.trim()}=/rust`,
];
// The memory comes from outside, so that each thread's instance has the same; src/wasm-threads.ts makes it.
const shared = ['--shared-memory', '--import-memory', '--initial-memory=4194304', '--max-memory=4294967296'];
const threads = [...shared, '--export=__stack_pointer'].map((argument) => `-Clink-arg=${argument}`);
const modules = {
  'residual-kernels.wasm': ['-Ctarget-feature=+simd128'],
  'residual-kernels-relaxed.wasm': ['-Ctarget-feature=+simd128,+relaxed-simd'],
  'residual-kernels-threads.wasm': ['-Ctarget-feature=+simd128,+atomics', ...threads],
  'residual-kernels-threads-relaxed.wasm': ['-Ctarget-feature=+simd128,+relaxed-simd,+atomics', ...threads],
};

for (const [name, own] of Object.entries(modules)) {
  const built = buildModule([...own, ...flags], join(here, 'target', name.replace('.wasm', '')));
  const hash = createHash('sha256').update(built).digest('hex');
  const committed = join(here, 'wasm', name);
  if (!process.argv.includes('--check')) {
    mkdirSync(join(here, 'wasm'), { recursive: true });
    writeFileSync(committed, built);
    console.log(`kernels: wasm/${name}, ${built.length} bytes, sha256 ${hash}`);
  } else if (built.equals(readFileSync(committed))) {
    console.log(`kernels: the committed ${name} is what these sources build (sha256 ${hash})`);
  } else {
    console.error(`kernels: wasm/${name} is not what these sources build (sha256 ${hash}); run build-wasm.mjs`);
    process.exitCode = 1;
  }
}

function buildModule(rustFlags, target) {
  const build = spawnSync(
    'cargo',
    [
      // As a cdylib alone: beside an rlib there is no link-time optimisation.
      ...['rustc', '--crate-type', 'cdylib', '--profile', 'wasm', '--locked', '--lib', '--target-dir', target],
      ...[
        '--target',
        'wasm32-unknown-unknown',
        '-Zbuild-std=std,panic_abort',
        '-Zbuild-std-features=optimize_for_size',
      ],
    ],
    {
      cwd: crate,
      stdio: 'inherit',
      // The pinned stable compiler with unstable options: how panics are compiled, and the standard library likewise.
      env: { ...process.env, RUSTC_BOOTSTRAP: '1', CARGO_ENCODED_RUSTFLAGS: rustFlags.join('\x1f') },
    },
  );
  if (build.status !== 0) process.exit(1);
  return readFileSync(join(target, 'wasm32-unknown-unknown/wasm/residual_kernels.wasm'));
}
