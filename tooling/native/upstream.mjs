import { cp, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { run } from './process.mjs';

const SILENCE_MS = 30_000;

/** Runs tfjs-node's own install script on a copy of the package (it rewrites its package.json) and leaves `lib` and `deps/lib` in `folder`. */
export async function buildByUpstream(packageFolder, folder) {
  const copy = join(folder, 'package');
  await cp(packageFolder, copy, {
    recursive: true,
    filter: (path) => !['node_modules', 'lib', 'deps'].includes(path.slice(packageFolder.length + 1)),
  });
  const modules = [join(packageFolder, 'node_modules'), resolve(packageFolder, '../..')];
  const { output } = await run(process.execPath, ['scripts/install.js'], {
    cwd: copy,
    isAlive: growth(copy),
    env: {
      ...process.env,
      NODE_PATH: modules.join(delimiter),
      PATH: [...modules.map((path) => join(path, '.bin')), process.env.PATH].join(delimiter),
    },
  });
  try {
    await rename(join(copy, 'lib'), join(folder, 'lib'));
    await mkdir(join(folder, 'deps'));
    await rename(join(copy, 'deps/lib'), join(folder, 'deps/lib'));
  } catch {
    const line = output.split('\n').find((text) => /^\w*Error: |^\S+ failed/.test(text));
    throw new Error(line?.trim() ?? `its install script did nothing for ${SILENCE_MS / 1000} s`);
  }
}

/** Answers whether the folder has changed in the last `SILENCE_MS`. */
function growth(folder) {
  let bytes = -1;
  let changedAt = Date.now();
  return async () => {
    const now = await sizeBytes(folder).catch(() => bytes + 1);
    if (now !== bytes) changedAt = Date.now();
    bytes = now;
    return Date.now() - changedAt < SILENCE_MS;
  };
}

async function sizeBytes(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
