import { sourceFromBlob } from '../byte-source.ts';
import type { FileFolder, FolderListing, OpenedFile } from './file-folder.ts';
import { HubError } from './hub-error.ts';
import { parseJson } from './json-file.ts';
import { listPaths } from './path-listing.ts';

/** Files that somebody picked or dropped, as the folder that they lie in: by `webkitRelativePath` where it was picked whole. */
export class PickedFolder implements FileFolder {
  readonly #files: ReadonlyMap<string, File>;
  /** Of the folder: empty, or ending in a slash. */
  readonly #prefix: string;

  constructor(files: ReadonlyMap<string, File>, prefix: string) {
    this.#files = files;
    this.#prefix = prefix;
  }

  static of(files: readonly File[]): PickedFolder {
    const byPath = new Map(files.map((file) => [file.webkitRelativePath || file.name, file]));
    const [first] = byPath.keys();
    const top = first?.slice(0, first.indexOf('/') + 1) ?? '';
    const isWhole = [...byPath.keys()].every((path) => path.startsWith(top));
    return new PickedFolder(byPath, isWhole ? top : '');
  }

  get name(): string {
    return this.#prefix.replace(/\/$/, '') || 'files';
  }

  nameOf(file: string): string {
    return `${this.#prefix}${file}`;
  }

  async list(): Promise<FolderListing> {
    return listPaths(this.#files.keys(), this.#prefix);
  }

  async readJson(file: string): ReturnType<FileFolder['readJson']> {
    const found = this.#files.get(this.nameOf(file));
    return found && parseJson(sourceFromBlob(found, this.nameOf(file)));
  }

  async open(file: string): Promise<OpenedFile> {
    const name = this.nameOf(file);
    const found = this.#files.get(name);
    if (found === undefined)
      throw new HubError('not-found', name, 'expected one of the files, found none; pick it too');
    const nothing = async () => undefined;
    return { ...sourceFromBlob(found, name), sha256: undefined, close: nothing, discard: nothing };
  }

  folder(name: string): FileFolder {
    return new PickedFolder(this.#files, `${this.nameOf(name)}/`);
  }
}
