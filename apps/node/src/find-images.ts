import { stat } from 'node:fs/promises';
import { type FolderPictures, picturesAmong, walkPictures } from '@residual/vision/node';
import { glob, isDynamicPattern } from 'tinyglobby';
import { describeOthers, folderNote } from './folder-note.ts';
import { isElsewhere, pictureName, STANDARD_INPUT } from './pictures/picture-address.ts';
import { say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';

/** A picture that a user names, by itself or by its folder. */
export interface FoundImage {
  /** What rows and messages call it. */
  readonly file: string;
  /** Where it is, if that is no file: an address, or `-` for standard input. */
  readonly address?: string;
  /** Why it cannot be used, in one line that names it, where that is known already. */
  readonly problem?: string;
}

/**
 * Pictures for what a user names: a file, an address and `-`, for standard input, are themselves, a folder all pictures in it
 * and below, a pattern what it matches, of a folder the pictures. A name that is none of these stays, so that reading it says
 * what is wrong. Files of folders and patterns that are no pictures are told on stderr, in a line for each.
 *
 * @throws UsageError where standard input is named twice, for a folder or a pattern without pictures.
 */
export async function findImages(names: readonly string[]): Promise<FoundImage[]> {
  const found: FoundImage[][] = [];
  for (const name of names) {
    if (isElsewhere(name)) {
      found.push([foundImage(name)]);
      continue;
    }
    const status = await stat(name).catch(() => undefined);
    if (status?.isDirectory()) found.push(imagesOf(name, await walkPictures(name)));
    else if (!status && isDynamicPattern(name)) found.push(imagesOf(name, await matches(name)));
    else found.push([status ? { file: name } : absent(name)]);
  }
  const images = found.flat();
  if (images.filter(({ address }) => address === STANDARD_INPUT).length > 1)
    throw new UsageError(`${STANDARD_INPUT}: expected standard input once, got it twice; name files for the others`);
  return images;
}

/** A picture that is named by itself. */
export function foundImage(name: string): FoundImage {
  return isElsewhere(name) ? { file: pictureName(name), address: name } : { file: name };
}

/** @throws UsageError where there are none. */
function imagesOf(name: string, { pictures, others }: FolderPictures): FoundImage[] {
  if (pictures.length === 0) {
    const got = others.length === 0 ? 'none' : `none; ${describeOthers(others)}`;
    throw new UsageError(`${name}: expected pictures, found ${got}`);
  }
  const note = folderNote(name, pictures, others);
  if (note !== undefined) say(note);
  return pictures.map(({ path, problem }) =>
    problem === undefined ? { file: path } : { file: path, problem: `${path}: ${problem}` },
  );
}

async function matches(pattern: string): Promise<FolderPictures> {
  const paths = (await glob(pattern, { onlyFiles: false, expandDirectories: false })).sort();
  if (paths.length === 0) throw new UsageError(`${pattern}: expected a pattern that matches files, it matches none`);
  // A folder's name ends in a slash; what is below it comes with it.
  const outermost: string[] = [];
  for (const path of paths) {
    const last = outermost.at(-1);
    if (last === undefined || !(last.endsWith('/') && path.startsWith(last))) outermost.push(path);
  }
  return picturesAmong(outermost);
}

/** Reading it says that it is not there, unless Node took its name for another. */
function absent(name: string): FoundImage {
  if (!name.includes('\ufffd')) return { file: name };
  const problem = 'expected a name in UTF-8, got other bytes; name its folder instead, or rename it';
  return { file: name, problem: `${name}: ${problem}` };
}
