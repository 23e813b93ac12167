// Builds the Node addon into dist/ where Rust is there; where it is not, says so and leaves the WASM module to serve.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { platformName } from './dist/platform-name.js';

const here = import.meta.dirname;
const isRequired = (process.env.RESIDUAL_REQUIRE ?? '').split(',').includes('rust');

function giveUp(reason) {
  console.warn(`kernels: the native addon is not built: ${reason}; the WASM module serves`);
  process.exit(isRequired ? 1 : 0);
}

if (spawnSync('cargo', ['--version'], { cwd: join(here, 'crate'), stdio: 'ignore' }).status !== 0) {
  giveUp('no Rust found (https://rustup.rs installs it)');
}
const build = spawnSync('cargo', ['build', '--release', '--locked', '--features', 'node'], {
  cwd: join(here, 'crate'),
  stdio: ['ignore', 'ignore', 'pipe'],
  encoding: 'utf8',
});
if (build.status !== 0) {
  console.warn(build.stderr);
  giveUp('cargo failed, see above');
}
const library = { win32: 'residual_kernels.dll', darwin: 'libresidual_kernels.dylib' }[process.platform];
const target = join(here, 'dist', `residual-kernels.${platformName()}.node`);
mkdirSync(join(here, 'dist'), { recursive: true });
// A new file rather than new content: a process that has loaded the old one keeps it.
copyFileSync(join(here, 'target/release', library ?? 'libresidual_kernels.so'), `${target}.new`);
rmSync(target, { force: true });
renameSync(`${target}.new`, target);
