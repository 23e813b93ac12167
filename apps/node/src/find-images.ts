import { stat } from 'node:fs/promises';
import { type FolderPictures, walkPictures } from '@residual/vision/node';
import picomatch from 'picomatch';
import { describeRest, folderNote } from './folder-note.ts';
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
 * what is wrong. What folders and patterns have besides pictures is told on stderr, in a line for each.
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
    else if (!status && picomatch.scan(name).isGlob) found.push(imagesOf(name, await walkPattern(name)));
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
function imagesOf(name: string, found: FolderPictures): FoundImage[] {
  if (found.pictures.length === 0) throw new UsageError(`${name}: expected pictures, found none${describeRest(found)}`);
  const note = folderNote(name, found);
  if (note !== undefined) say(note);
  return found.pictures.map(({ path, problem }) =>
    problem === undefined ? { file: path } : { file: path, problem: `${path}: ${problem}` },
  );
}

/** What is below the part of a pattern that has no wildcards, and matches. @throws UsageError where nothing does. */
async function walkPattern(pattern: string): Promise<FolderPictures> {
  const { base, glob } = picomatch.scan(pattern);
  const folder = base === '' ? '.' : base;
  // A slash at the end asks for what is in folders.
  const asked = glob.endsWith('/') ? `${glob}*` : glob;
  const depth = asked.includes('**') ? Number.POSITIVE_INFINITY : asked.split('/').length;
  const isFolder = await stat(folder).then(
    (status) => status.isDirectory(),
    () => false,
  );
  const found = isFolder ? await walkPictures(folder, { matches: picomatch(asked), depth }) : undefined;
  if (found !== undefined && found.pictures.length + found.others.length + found.hidden > 0) return found;
  throw new UsageError(`${pattern}: expected a pattern that matches files, it matches none`);
}

/** Reading it says that it is not there, unless Node took its name for another. */
function absent(name: string): FoundImage {
  if (!name.includes('\ufffd')) return { file: name };
  const problem = 'expected a name in UTF-8, got other bytes; name its folder instead, or rename it';
  return { file: name, problem: `${name}: ${problem}` };
}
