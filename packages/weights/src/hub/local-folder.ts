import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { openFileSource } from '../file-source.ts';
import { WeightsSourceError } from '../weights-source-error.ts';
import type { FileFolder, FolderListing } from './file-folder.ts';
import type { LocatedFile } from './hub-options.ts';
import { parseJson } from './json-file.ts';

/** The folder that a path leads to, and the file in it where it leads to one; whether that is there is not looked at. */
export async function locatePath(path: string): Promise<LocatedFile> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isDirectory()) return { folder: localFolder(path), file: undefined };
  const file = basename(path);
  return { folder: new LocalFolder(path.slice(0, path.lastIndexOf(file))), file };
}

/** A folder of this machine. */
export function localFolder(path: string): FileFolder {
  return new LocalFolder(/[/\\]$/.test(path) ? path : `${path}/`);
}

class LocalFolder implements FileFolder {
  /** What comes before a file's name; empty for the folder that the process is in. */
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get name(): string {
    return this.#prefix.replace(/(?<=.)[/\\]$/, '') || '.';
  }

  nameOf(file: string): string {
    return `${this.#prefix}${file}`;
  }

  async list(): Promise<FolderListing> {
    const files = new Set<string>();
    const folders = new Set<string>();
    try {
      for (const entry of await readdir(this.name, { withFileTypes: true })) {
        // The files of the hub's own cache are links.
        const isLink = entry.isSymbolicLink();
        const isFolder = isLink
          ? await stat(this.nameOf(entry.name)).then(
              (target) => target.isDirectory(),
              () => false,
            )
          : entry.isDirectory();
        (isFolder ? folders : files).add(entry.name);
      }
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new WeightsSourceError('unreadable', this.name, `could not be listed (${code}); check its permissions`, {
        cause,
      });
    }
    return { files, folders };
  }

  async readJson(file: string): ReturnType<FileFolder['readJson']> {
    const path = this.nameOf(file);
    const status = await stat(path).catch(() => undefined);
    if (!status?.isFile()) return undefined;
    const source = await openFileSource(path);
    try {
      return await parseJson(source);
    } finally {
      await source.close();
    }
  }

  async open(file: string): ReturnType<FileFolder['open']> {
    return { ...(await openFileSource(this.nameOf(file))), sha256: undefined, discard: async () => undefined };
  }

  folder(name: string): FileFolder {
    return localFolder(this.nameOf(name));
  }
}
