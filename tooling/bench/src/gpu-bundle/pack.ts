import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackBrowser } from '@residual/testing/browser';
import { build } from 'vite';

// pnpm --filter @residual/bench gpu-bundle FOLDER: packs this machine's Node, Dawn for its platform, the report and libraries that a bare
// machine may lack into a folder that runs on Linux with a Vulkan driver.

const MOST_BYTES = 60 * 2 ** 20;
const root = fileURLToPath(new URL('../..', import.meta.url));

const [target] = process.argv.slice(2);
if (target === undefined || existsSync(target)) {
  console.error(`gpu-bundle: expected a folder that is not there yet, got ${target ?? 'none'}; name another`);
  process.exit(2);
}
const folder = resolve(process.env['INIT_CWD'] ?? '.', target);
mkdirSync(dirname(folder), { recursive: true });
const staging = mkdtempSync(`${folder}-`);
try {
  await pack(staging);
  chmodSync(staging, 0o755);
  renameSync(staging, folder);
} catch (error) {
  rmSync(staging, { recursive: true });
  throw error;
}

async function pack(made: string): Promise<void> {
  const inside = join(made, 'inside');
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    // The condition of sources is there without a build.
    ssr: { noExternal: true, external: ['webgpu'], resolve: { conditions: ['@residual/source', 'module', 'node'] } },
    build: {
      ssr: join(root, 'src/gpu-bundle/report.ts'),
      target: 'node20',
      outDir: inside,
      rolldownOptions: { output: { entryFileNames: 'report.mjs' } },
    },
  });
  copyFileSync(process.execPath, join(inside, 'node'));
  copyDawn(join(inside, 'node_modules/webgpu'));
  mkdirSync(join(inside, 'libraries'));
  for (const library of [...libraries(), join(await unpackBrowser(), 'libvulkan.so.1')])
    copyFileSync(library, join(inside, 'libraries', basename(library)));
  execFileSync('tar', ['-czf', join(made, 'archive.tar.gz'), '-C', inside, ...readdirSync(inside)]);
  rmSync(inside, { recursive: true });
  copyFileSync(join(root, 'gpu-bundle/run'), join(made, 'run'));
  const bytes = readdirSync(made).reduce((sum, name) => sum + statSync(join(made, name)).size, 0);
  const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (bytes > MOST_BYTES) throw new Error(`gpu-bundle: expected at most 60 MiB, got ${size}; leave something out`);
  console.log(`${folder}: ${size}`);
}

function copyDawn(to: string): void {
  const require = createRequire(createRequire(import.meta.url).resolve('@residual/backend-webgpu/dawn'));
  const from = dirname(require.resolve('webgpu'));
  const own = join('dist', `${process.platform}-${process.arch}`);
  for (const name of ['package.json', 'index.js', 'LICENSE', own])
    if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name), { recursive: true });
}

/** Those that Node needs beside the C library, which every Linux has. */
function libraries(): string[] {
  const needed = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  return [...needed.matchAll(/=> (\S+\/(?:libstdc\+\+\.so\.6|libgcc_s\.so\.1)) /g)].map(([, path]) => path!);
}
