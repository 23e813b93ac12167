import type { ByteSource } from '../byte-source.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { fileNameOf, shownUrl, sourcesOf } from './address.ts';
import type { Hub } from './hub.ts';
import { HubError } from './hub-error.ts';
import type { ProgressReporter } from './progress-reporter.ts';
import { validatorOf } from './range.ts';
import { request } from './request.ts';
import { type Transferred, transfer } from './transfer.ts';
import type { PartialFile, StoredFile } from './weights-cache.ts';

/** What is wanted. */
export interface FileRequest {
  /** The publisher's address. */
  readonly url: string;
  /** What the SHA-256 is or begins with, in hexadecimal. */
  readonly sha256?: string | undefined;
  readonly sizeBytes?: number | undefined;
  /** Whether the address always means the same bytes. Others are asked for anew, and what is kept serves where nobody answers. */
  readonly isImmutable: boolean;
  /** Looks at the bytes before they are kept. @throws WeightsFormatError for what is not what it should be. */
  readonly check?: (source: ByteSource) => Promise<unknown>;
}

/** An answer to ask for anew is fetched whole up to this size; of a larger one the validator is compared first. */
const SMALL_BYTES = 2 ** 20;

/**
 * A file from the cache, or downloaded into it: whole and checked, or not at all.
 *
 * @throws HubError, and the signal's reason.
 */
export async function downloadFile(wanted: FileRequest, hub: Hub, progress: ProgressReporter): Promise<StoredFile> {
  hub.transport.signal?.throwIfAborted();
  const fileName = fileNameOf(wanted.url);
  progress.file('initiate', fileName);
  const kept = await hub.cache.open(wanted.url);
  let file: StoredFile | undefined;
  try {
    file = await choose(wanted, hub, progress, kept);
  } finally {
    if (file !== kept) await kept?.close();
  }
  progress.file('done', fileName);
  return file;
}

async function choose(
  wanted: FileRequest,
  hub: Hub,
  progress: ProgressReporter,
  kept: StoredFile | undefined,
): Promise<StoredFile> {
  if (kept !== undefined && (wanted.isImmutable || hub.isOffline)) return kept;
  if (hub.isOffline) {
    const text = `not in the cache (${hub.cache.name}), and offline; load it once while online, or give a file`;
    throw new HubError('offline', shownUrl(wanted.url), text);
  }
  if (kept === undefined) return locked(wanted, hub, progress, undefined);
  try {
    if (await isCurrent(wanted, hub, kept)) return kept;
    return await locked(wanted, { ...hub, attempts: Math.min(2, hub.attempts) }, progress, kept.info.storedAt);
  } catch (error) {
    if (hub.transport.signal?.aborted) throw error;
    const isUnreachable =
      HubError.isInstance(error) && ['network', 'timeout', 'server', 'rate-limited'].includes(error.code);
    if (!isUnreachable) throw error;
    hub.onNote(`${shownUrl(wanted.url)}: nobody answers, so the copy of ${kept.info.storedAt} serves`);
    return kept;
  }
}

/** Downloads while nobody else does; a file that another has stored meanwhile is taken. */
function locked(
  wanted: FileRequest,
  hub: Hub,
  progress: ProgressReporter,
  storedAt: string | undefined,
): Promise<StoredFile> {
  return hub.cache.lock(wanted.url, hub.transport.signal, async () => {
    const stored = await hub.cache.open(wanted.url);
    if (stored !== undefined && stored.info.storedAt !== storedAt) return stored;
    await stored?.close();
    const fileName = fileNameOf(wanted.url);
    progress.file('download', fileName);
    const partial = await hub.cache.partial(wanted.url, fileName);
    try {
      await fromAnySource(wanted, hub, partial, (loaded, total) => progress.loaded(fileName, loaded, total));
    } finally {
      await partial.close();
    }
    const file = await hub.cache.open(wanted.url);
    if (file !== undefined) return file;
    throw new HubError('cache', hub.cache.name, 'lost a file that was just stored; check the disk');
  });
}

type OnLoaded = (loaded: number, total: number | undefined) => void;

async function fromAnySource(wanted: FileRequest, hub: Hub, partial: PartialFile, onLoaded: OnLoaded): Promise<void> {
  const sources = sourcesOf(wanted.url, hub.mirrors);
  const failures: HubError[] = [];
  for (const source of sources) {
    try {
      return await fetchChecked(wanted, hub, { source, partial, onLoaded });
    } catch (error) {
      hub.transport.signal?.throwIfAborted();
      if (!HubError.isInstance(error) || error.code === 'cache') throw error;
      failures.push(error);
    }
  }
  const last = failures.at(-1)!;
  if (failures.length === 1) throw last;
  const reasons = failures.map(({ message }) => message).join('; ');
  throw new HubError(last.code, shownUrl(wanted.url), `none of ${failures.length} sources gives it: ${reasons}`, {
    cause: last,
    status: last.status,
  });
}

interface FetchPlan {
  readonly source: URL;
  readonly partial: PartialFile;
  readonly onLoaded: OnLoaded;
}

/** Once more from the start where the bytes are wrong: parts of an earlier download, or the way, may be to blame. */
async function fetchChecked(wanted: FileRequest, hub: Hub, plan: FetchPlan): Promise<void> {
  for (let isSecond = false; ; isSecond = true) {
    const came = await transfer({
      ...hub,
      ...plan,
      publisherUrl: wanted.url,
      expectedSha256: wanted.sha256,
      expectedSizeBytes: wanted.sizeBytes,
    });
    hub.onReceived(Number.POSITIVE_INFINITY);
    const problem = await findProblem(wanted, came, plan);
    if (problem === undefined) {
      return plan.partial.commit({
        url: wanted.url,
        fileName: fileNameOf(wanted.url),
        sizeBytes: came.sizeBytes,
        sha256: came.sha256,
        ...(came.validator !== undefined && { validator: came.validator }),
        storedAt: new Date().toISOString(),
      });
    }
    await plan.partial.discard();
    if (isSecond) throw problem;
  }
}

async function findProblem(
  { sha256, check }: FileRequest,
  came: Transferred,
  { source, partial }: FetchPlan,
): Promise<HubError | undefined> {
  if (sha256 !== undefined && !came.sha256.startsWith(sha256.toLowerCase())) {
    const got = came.sha256.slice(0, Math.max(8, sha256.length));
    const text = `expected a SHA-256 of ${sha256}, got ${got} twice; something on the way changes the file`;
    return new HubError('wrong-hash', shownUrl(source), text);
  }
  if (check === undefined) return undefined;
  const opened = await partial.open(came.sizeBytes);
  try {
    await check(opened);
    return undefined;
  } catch (cause) {
    if (!WeightsFormatError.isInstance(cause)) throw cause;
    const text = cause.message.slice(cause.source.length + 2);
    return new HubError('wrong-content', shownUrl(source), text, { cause });
  } finally {
    await opened.close();
  }
}

/** Whether the server still has what is kept; a small file is rather fetched again. */
async function isCurrent(wanted: FileRequest, hub: Hub, { info }: StoredFile): Promise<boolean> {
  if (info.validator === undefined || info.sizeBytes <= SMALL_BYTES) return false;
  for (const source of sourcesOf(wanted.url, hub.mirrors)) {
    const answer = await request(source, { Range: 'bytes=0-0' }, hub.transport).catch((error) => {
      if (hub.transport.signal?.aborted) throw error;
      return undefined;
    });
    answer?.cancel();
    if (answer !== undefined) return validatorOf(answer.headers) === info.validator;
  }
  return false;
}
