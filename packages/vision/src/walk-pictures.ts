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
  /** All other files, by their names below the folder, with slashes on every system. */
  readonly others: readonly string[];
  /** How many hidden files, of those that would else be looked at, are called a picture. */
  readonly hidden: number;
}

/** A file, by its name below the folder. */
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

/** What macOS keeps beside a picture on other systems' disks, under the picture's name. */
const ABOUT_A_FILE = /^\._/;

/** By what opening them fails with. */
const BROKEN_LINKS: Readonly<Record<string, string>> = {
  ENOENT: 'a link to nothing; mend or remove it',
  ELOOP: 'a link to itself; mend or remove it',
};

const HEAD_BYTES = 4096;
/** Files that are open at a time. */
const OPEN_FILES = 32;

/** Which files of a folder are looked at; all of them where this is left out. */
export interface WalkOptions {
  /** Whether a file, or a folder with what is below it, is, by its name below the folder; a hidden one only where this says so. */
  readonly matches?: (name: string) => boolean;
  /** Folders so deep (1: directly in the folder) are entered only where they, or one above them, match. */
  readonly depth?: number;
}

/**
 * The pictures of a folder and of what is below it. Hidden files are none, nor are hidden folders entered. Links are followed,
 * to files and to folders; one that leads to a folder above it ends, and below a link no folder is entered twice.
 */
export async function walkPictures(folder: string, options: WalkOptions = {}): Promise<FolderPictures> {
  const id = await stat(filePath(folder), { bigint: true }).then(folderId, () => '');
  const walk = new Walk(folder, options);
  await walk.list({ name: '', isMatched: options.matches === undefined }, { folders: new Set([id]), isLinked: false });
  return { ...(await sortOut(folder, walk.entries)), hidden: walk.hidden };
}

/** A folder on the way, or what may be one. */
interface Place {
  readonly name: string;
  /** Whether all that is below it is looked at. */
  readonly isMatched: boolean;
}

class Walk {
  readonly entries: Entry[] = [];
  hidden = 0;
  readonly #root: string;
  readonly #options: WalkOptions;

  constructor(root: string, options: WalkOptions) {
    this.#root = root;
    this.#options = options;
  }

  async list({ name: below, isMatched: isBelowMatch }: Place, trail: Trail): Promise<void> {
    const path = filePath(join(this.#root, below));
    const found = await readdir(path, { withFileTypes: true, encoding: 'buffer' }).catch(codeOf);
    if (typeof found === 'string') {
      const problem = `expected a folder that can be read, got ${found}; check its permissions`;
      this.entries.push({ name: below, isFile: false, problem });
      return;
    }
    const children = found.map((entry) => ({ entry, own: fileName(entry.name) }));
    children.sort((a, b) => (a.own < b.own ? -1 : 1));
    for (const { entry, own } of children) {
      const name = below === '' ? own : `${below}/${own}`;
      const isOwnMatch = this.#options.matches?.(name) ?? false;
      if (LEFT_BY_SYSTEMS.test(own)) continue;
      if (own.startsWith('.') && !isOwnMatch) {
        if (isBelowMatch && !entry.isDirectory() && isCalledPicture(own) && !ABOUT_A_FILE.test(own)) this.hidden += 1;
        continue;
      }
      const isMatched = isBelowMatch || isOwnMatch;
      if (entry.isDirectory() || entry.isSymbolicLink())
        await this.#follow({ name, isMatched }, entry.isSymbolicLink(), trail);
      else if (isMatched) this.entries.push({ name, isFile: entry.isFile() });
    }
  }

  /** Takes a folder, or what a link leads to. */
  async #follow({ name, isMatched }: Place, isLink: boolean, trail: Trail): Promise<void> {
    const { depth = Number.POSITIVE_INFINITY } = this.#options;
    if (!isMatched && name.split('/').length >= depth) return;
    const target = await stat(filePath(join(this.#root, name)), { bigint: true }).catch(codeOf);
    if (typeof target === 'string') {
      const got = BROKEN_LINKS[target] ?? `${target}; check its permissions`;
      if (isMatched) this.entries.push({ name, isFile: false, problem: `expected a file or folder, got ${got}` });
    } else if (target.isDirectory()) {
      const id = folderId(target);
      if (trail.folders.has(id) && (isLink || trail.isLinked)) return;
      // What is below a link shares one set; a folder without links has those above it.
      const folders = trail.isLinked ? trail.folders.add(id) : new Set([...trail.folders, id]);
      await this.list({ name, isMatched }, { folders, isLinked: isLink || trail.isLinked });
    } else if (isMatched) this.entries.push({ name, isFile: target.isFile() });
  }
}

async function sortOut(root: string, entries: Entry[]): Promise<Omit<FolderPictures, 'hidden'>> {
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

function folderId({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

/** Whether it is to be decoded: what can't be opened is, and decoding says why it can't. */
async function isPicture(root: string, { name, isFile }: Entry): Promise<boolean> {
  if (!isFile) return false;
  if (isCalledPicture(name)) return true;
  const head = await readHead(filePath(join(root, name))).catch(() => undefined);
  return head === undefined || (pictureFormat(head)?.isPicture ?? false);
}

/** Whether a name has the ending of a picture's. */
export function isCalledPicture(name: string): boolean {
  return ENDINGS.includes(extname(name).toLowerCase());
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
