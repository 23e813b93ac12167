import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ByteSource, readExactly } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { downloadFile, type FileRequest } from './download-file.ts';
import type { Hub } from './hub.ts';
import { HubError } from './hub-error.ts';
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
/** A configuration or a description of a repository is smaller by far. */
const LARGEST_JSON_BYTES = 16 * 2 ** 20;

/**
 * Splits `hf:owner/name[@revision]`.
 *
 * @throws HubError (`bad-reference`)
 */
export function parseHuggingFaceReference(reference: string): { repo: string; revision: string } {
  const match = /^hf:([\w.-]+\/[\w.-]+)(?:@(\S+))?$/.exec(reference);
  if (match !== null) return { repo: match[1]!, revision: match[2] ?? 'main' };
  throw new HubError('bad-reference', reference, 'expected hf:owner/name or hf:owner/name@revision; check it');
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
  return `${hub.hubUrl}/${repo}/resolve/${commit}/${file}`;
}

/** The file of weights: safetensors rather than a pickle. @throws HubError */
export function weightsFileOf({ repo, files }: HuggingFaceRepo): string {
  const names = [...files.keys()];
  const preferred = ['model.safetensors', 'pytorch_model.bin'].find((name) => files.has(name));
  const single = names.filter((name) => name.endsWith('.safetensors'));
  const found = preferred ?? (single.length === 1 ? single[0] : undefined);
  if (found !== undefined) return found;
  const some = names.slice(0, 5).join(', ');
  const text = `expected model.safetensors or pytorch_model.bin, got ${some}${names.length > 5 ? ', …' : ''}; choose another repository`;
  throw new HubError('not-found', `hf:${repo}`, text);
}

/** A JSON file of the repository; `undefined` where it has none of that name. @throws HubError */
export async function readRepoJson(
  repo: HuggingFaceRepo,
  file: string,
  hub: Hub,
  progress: ProgressReporter,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const stated = repo.files.get(file);
  if (stated === undefined) return undefined;
  const check = async (source: ByteSource) => {
    const value = await parseJson(source);
    if (stated.sha256 === undefined && stated.blobId !== undefined) await checkBlob(source, stated.blobId);
    return value;
  };
  const { sizeBytes, sha256 } = stated;
  return readJson({ url: fileUrl(repo, file, hub), isImmutable: true, sizeBytes, sha256, check }, hub, progress);
}

/** @throws WeightsFormatError where the bytes are not those of the git blob. */
async function checkBlob(source: ByteSource, blobId: string): Promise<void> {
  const bytes = await readExactly(source, 0, source.sizeBytes, 'JSON');
  const got = bytesToHex(sha1(concatBytes(utf8ToBytes(`blob ${bytes.byteLength}\0`), bytes)));
  if (got === blobId) return;
  const text = `expected the git blob ${blobId}, got ${got}; something on the way changes the file`;
  throw new WeightsFormatError('corrupt', source.name, text);
}

async function readJson(
  wanted: FileRequest,
  hub: Hub,
  progress: ProgressReporter,
): Promise<Readonly<Record<string, unknown>>> {
  const file = await downloadFile(wanted, hub, progress);
  try {
    return await parseJson(file);
  } finally {
    await file.close();
  }
}

async function parseJson(source: ByteSource): Promise<Readonly<Record<string, unknown>>> {
  if (source.sizeBytes > LARGEST_JSON_BYTES) {
    const text = `expected at most ${LARGEST_JSON_BYTES} bytes of JSON, got ${source.sizeBytes}; check the address`;
    throw new WeightsFormatError('too-large', source.name, text);
  }
  const bytes = await readExactly(source, 0, source.sizeBytes, 'JSON');
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return objectOf(value);
  } catch {
    // Said below, as for JSON of another kind.
  }
  throw new WeightsFormatError('corrupt', source.name, 'expected a JSON object, got something else; check the address');
}

function licenceOf(answer: Readonly<Record<string, unknown>>): string | undefined {
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

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function listOf(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}
