import type { BigIntStats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileName, filePath } from './file-name.ts';
import { pictureFormat } from './picture-format.ts';

/** A file that is to be decoded. */
export interface FoundPicture {
  /** The folder's path, and the file's below it; `filePath` says what `node:fs` opens it by. */
  readonly path: string;
  /** Why it can't be decoded (`expected …, got …`), where that is known already. */
  readonly problem?: string;
}

/** What a folder has. */
export interface FolderPictures {
  /**
   * In the order of their paths: files that are pictures by their first bytes, whatever their names; files that are called
   * one, though they may be none; and what can't be looked into: files, folders, links to nothing.
   */
  readonly pictures: readonly FoundPicture[];
  /** All other files, by their names below the folder. */
  readonly others: readonly string[];
}

/** A file below the folder, by its name there. */
interface Entry {
  readonly name: string;
  /** Else a pipe, a device, or a problem. */
  readonly isFile: boolean;
  readonly problem?: string;
}

/** The real folders above, each as its device and inode. */
interface Trail {
  readonly folders: Set<string>;
  /** Whether a link led here: then `folders` is of all folders below it, which are entered once. */
  readonly isLinked: boolean;
}

/** A file that is called so is a picture, or a bad one. */
const ENDINGS: readonly string[] = [
  ...['.jpg', '.jpeg', '.jpe', '.jfif', '.jif', '.mpo', '.png', '.apng', '.webp', '.gif', '.tif', '.tiff', '.avif'],
  ...['.heic', '.heif', '.hif', '.bmp', '.dib', '.ico', '.cur', '.ppm', '.pgm', '.pbm', '.pnm', '.tga', '.pcx', '.jp2'],
  ...['.j2k', '.jpx', '.psd', '.jxl', '.svg', '.dng', '.cr2', '.cr3', '.nef', '.arw', '.orf', '.rw2', '.raf'],
];

/** What file managers leave in folders of pictures. */
const LEFT_BY_SYSTEMS = /^(?:thumbs\.db|desktop\.ini)$/i;

/** By what opening them fails with. */
const BROKEN_LINKS: Readonly<Record<string, string>> = {
  ENOENT: 'a link to nothing; mend or remove it',
  ELOOP: 'a link to itself; mend or remove it',
};

const HEAD_BYTES = 4096;
/** Files that are open at a time. */
const OPEN_FILES = 32;

/**
 * The pictures of a folder and of what is below it. Hidden files are none, nor are hidden folders entered. Links are followed,
 * to files and to folders; one that leads to a folder above it ends, and below a link no folder is entered twice.
 */
export async function walkPictures(folder: string): Promise<FolderPictures> {
  const entries: Entry[] = [];
  const id = await stat(filePath(folder), { bigint: true }).then(folderId, () => '');
  await listFolder(folder, '', { folders: new Set([id]), isLinked: false }, entries);
  return sortOut(folder, entries);
}

/** The pictures among files and folders, and below these, as `walkPictures` finds them. */
export async function picturesAmong(paths: readonly string[]): Promise<FolderPictures> {
  const entries: Entry[] = [];
  for (const path of paths) await follow('', path, false, { folders: new Set(), isLinked: false }, entries);
  return sortOut('', entries);
}

async function sortOut(root: string, entries: Entry[]): Promise<FolderPictures> {
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const pictures: FoundPicture[] = [];
  const others: string[] = [];
  for (let start = 0; start < entries.length; start += OPEN_FILES) {
    const part = entries.slice(start, start + OPEN_FILES);
    const arePictures = await Promise.all(part.map((entry) => isPicture(root, entry)));
    for (const [index, { name, problem }] of part.entries()) {
      const path = join(root, name);
      if (problem !== undefined) pictures.push({ path, problem });
      else if (arePictures[index]) pictures.push({ path });
      else others.push(name);
    }
  }
  return { pictures, others };
}

async function listFolder(root: string, below: string, trail: Trail, entries: Entry[]): Promise<void> {
  const found = await readdir(filePath(join(root, below)), { withFileTypes: true, encoding: 'buffer' }).catch(codeOf);
  if (typeof found === 'string') {
    const problem = `expected a folder that can be read, got ${found}; check its permissions`;
    entries.push({ name: below, isFile: false, problem });
    return;
  }
  const children = found.map((entry) => ({ entry, name: fileName(entry.name) }));
  children.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { entry, name: own } of children) {
    if (own.startsWith('.') || LEFT_BY_SYSTEMS.test(own)) continue;
    const name = below === '' ? own : join(below, own);
    if (entry.isDirectory() || entry.isSymbolicLink()) await follow(root, name, entry.isSymbolicLink(), trail, entries);
    else entries.push({ name, isFile: entry.isFile() });
  }
}

/** Takes a folder, or what a link leads to. */
async function follow(root: string, name: string, isLink: boolean, trail: Trail, entries: Entry[]): Promise<void> {
  const target = await stat(filePath(join(root, name)), { bigint: true }).catch(codeOf);
  if (typeof target === 'string') {
    const got = BROKEN_LINKS[target] ?? `${target}; check its permissions`;
    entries.push({ name, isFile: false, problem: `expected a file or folder, got ${got}` });
  } else if (target.isDirectory()) {
    const id = folderId(target);
    const isAgain = trail.folders.has(id) && (isLink || trail.isLinked);
    if (isAgain) return;
    // What is below a link shares one set; a folder without links has those above it.
    const folders = trail.isLinked ? trail.folders.add(id) : new Set([...trail.folders, id]);
    await listFolder(root, name, { folders, isLinked: isLink || trail.isLinked }, entries);
  } else entries.push({ name, isFile: target.isFile() });
}

function folderId({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Whether it is to be decoded: what can't be opened is, and decoding says why it can't. */
async function isPicture(root: string, { name, isFile }: Entry): Promise<boolean> {
  if (!isFile) return false;
  if (ENDINGS.includes(extname(name).toLowerCase())) return true;
  const head = await readHead(filePath(join(root, name))).catch(() => undefined);
  return head === undefined || (pictureFormat(head)?.isPicture ?? false);
}

async function readHead(path: string | Buffer): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function codeOf(cause: NodeJS.ErrnoException): string {
  return cause.code ?? cause.message;
}
