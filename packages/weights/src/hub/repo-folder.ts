import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ByteSource, readExactly } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { downloadFile } from './download-file.ts';
import type { FileFolder, FolderListing, OpenedFile } from './file-folder.ts';
import type { Hub } from './hub.ts';
import { HubError } from './hub-error.ts';
import { fileUrl, type HuggingFaceRepo } from './hugging-face-repo.ts';
import { parseJson } from './json-file.ts';
import { openDownload } from './open-download.ts';
import { listPaths } from './path-listing.ts';
import type { ProgressReporter } from './progress-reporter.ts';

/** The files of a repository at one commit, which are downloaded and checked where the cache has them not. */
export class RepoFolder implements FileFolder {
  readonly #repo: HuggingFaceRepo;
  readonly #hub: Hub;
  readonly #progress: ProgressReporter;
  /** Of the folder within the repository: empty, or ending in a slash. */
  readonly #prefix: string;

  constructor(repo: HuggingFaceRepo, hub: Hub, progress: ProgressReporter, prefix = '') {
    this.#repo = repo;
    this.#hub = hub;
    this.#progress = progress;
    this.#prefix = prefix;
  }

  get name(): string {
    return `hf:${this.#repo.repo}/${this.#prefix}`.replace(/\/$/, '');
  }

  nameOf(file: string): string {
    return `hf:${this.#repo.repo}/${this.#prefix}${file}`;
  }

  async list(): Promise<FolderListing> {
    return listPaths(this.#repo.files.keys(), this.#prefix);
  }

  async readJson(file: string): ReturnType<FileFolder['readJson']> {
    const path = `${this.#prefix}${file}`;
    const stated = this.#repo.files.get(path);
    if (stated === undefined) return undefined;
    const { sizeBytes, sha256, blobId } = stated;
    const check = async (source: ByteSource) => {
      await parseJson(source);
      if (sha256 === undefined && blobId !== undefined) await checkBlob(source, blobId);
    };
    const wanted = { url: fileUrl(this.#repo, path, this.#hub), isImmutable: true, sizeBytes, sha256, check };
    const kept = await downloadFile(wanted, this.#hub, this.#progress);
    try {
      return await parseJson(kept);
    } finally {
      await kept.close();
    }
  }

  async open(file: string): Promise<OpenedFile> {
    const stated = this.#repo.files.get(`${this.#prefix}${file}`);
    if (stated === undefined) {
      throw new HubError(
        'not-found',
        this.nameOf(file),
        'expected a file of the repository, found none; check its name',
      );
    }
    const { sizeBytes, sha256 } = stated;
    const url = fileUrl(this.#repo, `${this.#prefix}${file}`, this.#hub);
    const name = this.nameOf(file);
    return openDownload(
      { url, isImmutable: true, sizeBytes, sha256 },
      { name, hub: this.#hub, progress: this.#progress },
    );
  }

  folder(name: string): FileFolder {
    return new RepoFolder(this.#repo, this.#hub, this.#progress, `${this.#prefix}${name}/`);
  }
}

/** @throws WeightsFormatError where the bytes are not those of the git blob. */
async function checkBlob(source: ByteSource, blobId: string): Promise<void> {
  const bytes = await readExactly(source, 0, source.sizeBytes, 'JSON');
  const got = bytesToHex(sha1(concatBytes(utf8ToBytes(`blob ${bytes.byteLength}\0`), bytes)));
  if (got === blobId) return;
  const text = `expected the git blob ${blobId}, got ${got}; something on the way changes the file`;
  throw new WeightsFormatError('corrupt', source.name, text);
}
