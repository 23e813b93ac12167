import { copyFile, link, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where finished builds are kept for every clone on this machine. */
export function cacheFolder(env = process.env) {
  if (env.RESIDUAL_HOME) return env.RESIDUAL_HOME;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'residual');
}

/**
 * Runs `make` in a folder of its own and gives the result the name `folder` only when it is complete.
 * Of two processes that do so at once, one result stays and both are told it is there.
 */
export async function publish(folder, make) {
  const unfinished = `${folder}.unfinished-${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await make(unfinished);
    await rename(unfinished, folder).catch((error) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'EPERM') throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Puts the files of `from` into `to`: hard links where the file system allows, else copies; a file in the way is replaced, never written to. */
export async function linkTree(from, to) {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory()) {
      await linkTree(source, target);
      continue;
    }
    const beside = `${target}.${process.pid}`;
    await rm(beside, { force: true });
    if (entry.isSymbolicLink()) await symlink(await readlink(source), beside);
    else await linkFile(source, beside);
    await rename(beside, target);
    await rm(beside, { force: true }); // renaming a hard link over itself does nothing and leaves it
  }
}

/** Answers false where there is no `source`. */
export async function linkFile(source, target) {
  if (!(await exists(source))) return false;
  return link(source, target)
    .catch(() => copyFile(source, target))
    .then(
      () => true,
      (error) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
}

export async function exists(path) {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
