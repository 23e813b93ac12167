import type { ByteSource } from '../byte-source.ts';
import type { JsonObject } from './json-file.ts';

/** Files by name, wherever they are: a folder, a repository of the hub, a folder of one. */
export interface FileFolder {
  /** What messages call it. */
  readonly name: string;
  /** What messages call a file of it; naming that loads the file. */
  nameOf(file: string): string;
  list(): Promise<FolderListing>;
  /**
   * A JSON object; `undefined` where there is no such file.
   *
   * @throws HubError, WeightsFormatError, WeightsSourceError
   */
  readJson(file: string): Promise<JsonObject | undefined>;
  /** Opens a file of weights. @throws HubError, WeightsSourceError */
  open(file: string): Promise<OpenedFile>;
  /** A folder in it. */
  folder(name: string): FileFolder;
}

/** Names of what lies in a folder itself. */
export interface FolderListing {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** An open file; whoever opens it closes it. */
export interface OpenedFile extends ByteSource {
  /** Of a download, in hexadecimal. */
  readonly sha256: string | undefined;
  close(): Promise<void>;
  /** Of a download: is no longer kept, since it cannot be read. */
  discard(): Promise<void>;
}
