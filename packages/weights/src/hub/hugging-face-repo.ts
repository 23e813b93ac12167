import { downloadFile, type FileRequest } from './download-file.ts';
import type { Hub } from './hub.ts';
import { HubError } from './hub-error.ts';
import { type JsonObject, objectOf, parseJson } from './json-file.ts';
import type { ProgressReporter } from './progress-reporter.ts';

/** A repository of the Hugging Face hub at one commit. */
export interface HuggingFaceRepo {
  readonly repo: string;
  /** The commit, by its whole hash. */
  readonly commit: string;
  readonly licence: string | undefined;
  readonly files: ReadonlyMap<string, RepoFile>;
}

/** What the hub states of a file: of a large one its SHA-256, of a small one git's. */
export interface RepoFile {
  readonly sizeBytes: number | undefined;
  readonly sha256: string | undefined;
  /** SHA-1 of the file as a git blob, in hexadecimal. */
  readonly blobId: string | undefined;
}

const COMMIT = /^[0-9a-f]{40}$/;

/**
 * Splits `hf:owner/name[/path][@revision]`; the path is of a file or a folder in the repository.
 *
 * @throws HubError (`bad-reference`)
 */
export function parseHuggingFaceReference(reference: string): { repo: string; path: string[]; revision: string } {
  const match = /^hf:([\w.-]+\/[\w.-]+)((?:\/[^/@\s]+)*)(?:@(\S+))?$/.exec(reference);
  if (match !== null) return { repo: match[1]!, path: match[2]!.split('/').slice(1), revision: match[3] ?? 'main' };
  const text = 'expected hf:owner/name, hf:owner/name@revision or hf:owner/name/file; check it';
  throw new HubError('bad-reference', reference, text);
}

/** Asks the hub what a revision holds, and what its files' hashes are. @throws HubError */
export async function describeRepo(
  repo: string,
  revision: string,
  hub: Hub,
  progress: ProgressReporter,
): Promise<HuggingFaceRepo> {
  const url = `${hub.hubUrl}/api/models/${repo}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const wanted = { url, isImmutable: COMMIT.test(revision), check: parseJson };
  const answer = await readJson(wanted, hub, progress);
  const files = new Map<string, RepoFile>();
  for (const file of listOf(answer['siblings'])) {
    const lfs = objectOf(file['lfs']);
    const sizeBytes = [lfs['size'], file['size']].find((value) => typeof value === 'number');
    const [sha256, blobId] = [hashOf(lfs['sha256'], 64), hashOf(file['blobId'], 40)];
    if (typeof file['rfilename'] === 'string') files.set(file['rfilename'], { sizeBytes, sha256, blobId });
  }
  const commit = answer['sha'];
  if (typeof commit !== 'string' || !COMMIT.test(commit) || files.size === 0) {
    const text =
      'expected the description of a repository ({sha, siblings}), got other JSON; check the hub or the mirror';
    throw new HubError('wrong-content', url, text);
  }
  return { repo, commit, licence: licenceOf(answer), files };
}

/** The address of a file at the repository's commit, where it never changes. */
export function fileUrl({ repo, commit }: HuggingFaceRepo, file: string, hub: Hub): string {
  return `${hub.hubUrl}/${repo}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`;
}

/** JSON of the hub's own, asked for anew unless it never changes. */
async function readJson(wanted: FileRequest, hub: Hub, progress: ProgressReporter): Promise<JsonObject> {
  const file = await downloadFile(wanted, hub, progress);
  try {
    return await parseJson(file);
  } finally {
    await file.close();
  }
}

function licenceOf(answer: JsonObject): string | undefined {
  const stated = objectOf(answer['cardData'])['license'];
  const first = Array.isArray(stated) ? stated[0] : stated;
  if (typeof first === 'string') return first;
  const tags = Array.isArray(answer['tags']) ? answer['tags'] : [];
  const tag = tags.find((value) => typeof value === 'string' && value.startsWith('license:'));
  return typeof tag === 'string' ? tag.slice('license:'.length) : undefined;
}

function hashOf(value: unknown, length: number): string | undefined {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]+$/.test(value) ? value : undefined;
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}
