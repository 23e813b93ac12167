import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderPictures, isCalledPicture, walkPictures } from '@residual/vision/node';
import picomatch from 'picomatch';
import { type ArchiveKind, archiveKind } from './archives/archive-kind.ts';
import { describeRest, folderNote } from './folder-note.ts';
import { readList } from './list-file.ts';
import { isElsewhere, pictureName, STANDARD_INPUT } from './pictures/picture-address.ts';
import { isS3 } from './s3/s3-address.ts';
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
  /** Where it is not one picture but a file of many. */
  readonly archive?: ArchiveKind;
  /** Of a picture in an archive: its file. */
  readonly bytes?: Uint8Array;
  /** What the archive calls it. */
  readonly key?: string;
  /** Its class by the archive: an index or a name. */
  readonly target?: number | string;
}

/** What a command is to work on: names that were given, and a list of more. */
export interface Named {
  readonly names: readonly string[];
  readonly from?: string | undefined;
}

/**
 * The same for names and then for a list's lines, each of which is a file, an archive or an address, by itself.
 *
 * @throws UsageError where there is neither, and as `findImages`.
 */
export async function findInputs({ names, from }: Named, signal: AbortSignal): Promise<FoundImage[]> {
  if (from === undefined && names.length === 0)
    throw new UsageError('expected pictures, got none; name files or folders, or a list of them by --from');
  const found = await findImages(names, signal);
  if (from === undefined) return found;
  // The list itself is on standard input then.
  if (from === STANDARD_INPUT) checkOnce([...found, foundImage(STANDARD_INPUT)]);
  for (const name of await readList(from, signal))
    found.push(name.includes('\ufffd') ? absent(name) : foundImage(name));
  checkOnce(from === STANDARD_INPUT ? [...found, foundImage(STANDARD_INPUT)] : found);
  return found;
}

/**
 * Pictures for what a user names: a file, an address and `-`, for standard input, are themselves, a folder all pictures in it
 * and below, a pattern what it matches, of a folder the pictures; an archive is itself, and an `s3://` address all pictures and archives
 * whose names begin so. A name that is none of these stays, so that reading it says
 * what is wrong. What folders and patterns have besides pictures is told on stderr, in a line for each.
 *
 * @throws UsageError where standard input is named twice, for a folder or a pattern without pictures.
 */
export async function findImages(names: readonly string[], signal: AbortSignal): Promise<FoundImage[]> {
  const found: FoundImage[][] = [];
  for (const name of names) {
    if (isS3(name)) {
      found.push(await imagesInS3(name, signal));
      continue;
    }
    if (isElsewhere(name)) {
      found.push([foundImage(name)]);
      continue;
    }
    const status = await stat(name).catch(() => undefined);
    if (status?.isDirectory()) found.push(imagesOf(name, await walkPictures(name)));
    else if (!status && picomatch.scan(name).isGlob) found.push(matchesOf(name, await walkPattern(name)));
    else found.push([status ? foundImage(name) : absent(name)]);
  }
  const images = found.flat();
  checkOnce(images);
  return images;
}

/** @throws UsageError where more than one is to be read from standard input */
function checkOnce(images: readonly FoundImage[]): void {
  if (images.filter(({ address }) => address === STANDARD_INPUT).length > 1)
    throw new UsageError(`${STANDARD_INPUT}: expected standard input once, got it twice; name files for the others`);
}

/** A picture, or an archive, that is named by itself. */
export function foundImage(name: string): FoundImage {
  const archive = !isElsewhere(name) || isS3(name) ? archiveKind(name) : undefined;
  if (archive !== undefined) return { file: name, archive };
  return isElsewhere(name) ? { file: pictureName(name), address: name } : { file: name };
}

/** What a pattern matches: archives are files of pictures too, where they are asked for. */
function matchesOf(pattern: string, found: FolderPictures): FoundImage[] {
  const { base } = picomatch.scan(pattern);
  const archives = found.others.filter((name) => archiveKind(name) !== undefined);
  if (archives.length === 0) return imagesOf(pattern, found);
  const others = found.others.filter((name) => archiveKind(name) === undefined);
  const images = imagesOf(pattern, { ...found, others }, archives.length);
  const all = [...images, ...archives.map((name) => foundImage(join(base, name)))];
  return all.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** @throws UsageError where nothing there is a picture or an archive */
async function imagesInS3(name: string, signal: AbortSignal): Promise<FoundImage[]> {
  const { listObjects } = await import('./s3/s3-objects.ts');
  const found = (await listObjects(name, signal)).filter((file) => isCalledPicture(file) || archiveKind(file));
  if (found.length > 0) return found.map(foundImage);
  throw new UsageError(`${name}: expected pictures or archives of them, found none; check the start of their names`);
}

/** @throws UsageError where there are none, nor archives. */
function imagesOf(name: string, found: FolderPictures, archives = 0): FoundImage[] {
  if (found.pictures.length === 0 && archives === 0)
    throw new UsageError(`${name}: expected pictures, found none${describeRest(found)}`);
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
