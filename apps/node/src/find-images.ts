import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { glob, isDynamicPattern } from 'tinyglobby';
import { UsageError } from './usage-error.ts';

const PICTURES = '**/*.{jpg,jpeg,png,webp,gif,tif,tiff,avif}';

/**
 * Files for what a user names: a file is itself, a folder all pictures in it and below, a pattern what it matches.
 * A name that is no file, no folder and no pattern stays, so that reading it says what is wrong.
 *
 * @throws UsageError for a folder without pictures, or a pattern that matches nothing.
 */
export async function findImages(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const status = await stat(name).catch(() => undefined);
    if (status?.isDirectory()) found.push(...(await picturesIn(name)).map((file) => join(name, file)));
    else if (!status && isDynamicPattern(name)) found.push(...(await matches(name)));
    else found.push(name);
  }
  return found;
}

/** Pictures in a folder and below, relative to it, in the order of their names. @throws UsageError where there are none. */
export async function picturesIn(folder: string): Promise<string[]> {
  const found = await glob(PICTURES, { cwd: folder, caseSensitiveMatch: false });
  if (found.length === 0)
    throw new UsageError(`${folder}: expected pictures (JPEG, PNG, WebP, GIF, TIFF, AVIF), found none in this folder`);
  return found.sort();
}

async function matches(pattern: string): Promise<string[]> {
  const found = await glob(pattern);
  if (found.length === 0) throw new UsageError(`${pattern}: expected a pattern that matches files, it matches none`);
  return found.sort();
}
