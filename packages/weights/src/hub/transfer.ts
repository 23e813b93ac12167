import { shownUrl } from './address.ts';
import { Attempts, Retryable } from './attempts.ts';
import { HubError } from './hub-error.ts';
import { LostSegment, PrefixDigest } from './prefix-digest.ts';
import { Changed, openRange, type Range, rangeOf, validatorOf } from './range.ts';
import { type Answer, request, type Transport } from './request.ts';
import type { Sha256 } from './sha256.ts';
import type { PartialFile, PartialIdentity } from './weights-cache.ts';

/** One file from one source into a partial file. */
export interface TransferJob {
  /** The publisher's address, which the partial file is of. */
  readonly publisherUrl: string;
  /** Where it is fetched from. */
  readonly source: URL;
  readonly partial: PartialFile;
  readonly transport: Transport;
  /** What the SHA-256 is known to begin with; then parts of an earlier download need no validator to be gone on with. */
  readonly expectedSha256: string | undefined;
  readonly expectedSizeBytes: number | undefined;
  readonly segmentBytes: number;
  readonly parallel: number;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly sha256: () => Sha256;
  readonly onReceived: (bytes: number) => void;
  readonly onLoaded: (loaded: number, total: number | undefined) => void;
}

/** What came. */
export interface Transferred {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly validator: string | undefined;
}

const MOST_RESTARTS = 2;
/** A failure after so many new bytes is the first again. */
const PROGRESS_BYTES = 65536;

/**
 * Fetches what is missing of a file: in segments, several at once, where the server takes ranges, else from the start.
 *
 * @throws HubError, and the signal's reason. The segments that are whole stay in the partial file.
 */
export async function transfer(job: TransferJob): Promise<Transferred> {
  for (let restarts = 0; ; restarts++) {
    try {
      return await transferOnce(job);
    } catch (error) {
      if (!(error instanceof Changed || error instanceof LostSegment)) throw error;
      await job.partial.discard();
      if (restarts < MOST_RESTARTS) continue;
      const text = 'the file changed again and again while it was fetched; try again later, or name a revision';
      throw new HubError('changed', shownUrl(job.source), text, { cause: error });
    }
  }
}

async function transferOnce(job: TransferJob): Promise<Transferred> {
  const { partial } = job;
  if (partial.identity !== undefined && !isResumable(partial.identity, job)) await partial.discard();
  const known = partial.identity;
  const missing = known === undefined ? 0 : missingSegments(known, partial)[0];
  if (known !== undefined && missing === undefined) return finish(job, known);

  const attempts = new Attempts(job.attempts, job.backoffMs, job.transport.signal);
  const opened = await retried(attempts, () => open(job, missing ?? 0));
  if (opened.range === undefined) return fetchWhole(job, opened.answer);
  const identity: PartialIdentity = {
    url: job.publisherUrl,
    sizeBytes: opened.range.total,
    validator: opened.range.validator,
    segmentBytes: job.segmentBytes,
  };
  try {
    checkSize(job, identity.sizeBytes);
    if (known === undefined) await partial.begin(identity);
    else if (!isSame(known, identity, job)) throw new Changed();
  } catch (error) {
    opened.answer.cancel();
    throw error;
  }
  return fetchSegments(job, identity, { first: missing ?? 0, opened: opened.answer });
}

/** Asks for the first missing segment; a server that gives the whole file takes no ranges. */
async function open(job: TransferJob, index: number): Promise<{ answer: Answer; range: Range | undefined }> {
  const start = index * job.segmentBytes;
  const headers = { Range: `bytes=${start}-${start + job.segmentBytes - 1}` };
  const answer = await request(job.source, headers, job.transport);
  const range = rangeOf(answer);
  if (range !== undefined && range.start === start) return { answer, range };
  if (answer.status === 200) return { answer, range: undefined };
  answer.cancel();
  if (start > 0) throw new Changed();
  const whole = await request(job.source, {}, job.transport);
  if (whole.status === 200) return { answer: whole, range: undefined };
  whole.cancel();
  const text = `expected HTTP status 200, got ${whole.status}; check the address`;
  throw new Retryable(new HubError('server', shownUrl(job.source), text, { status: whole.status }));
}

async function fetchWhole(job: TransferJob, first: Answer): Promise<Transferred> {
  const attempts = new Attempts(job.attempts, job.backoffMs, job.transport.signal);
  let opened: Answer | undefined = first;
  return retried(attempts, async () => {
    const answer = opened ?? (await request(job.source, {}, job.transport));
    opened = undefined;
    try {
      return await storeWhole(job, answer);
    } finally {
      answer.cancel();
    }
  });
}

async function storeWhole(job: TransferJob, answer: Answer): Promise<Transferred> {
  const { partial, segmentBytes } = job;
  const isEncoded = !['', 'identity'].includes(answer.headers.get('content-encoding') ?? '');
  const length = answer.headers.get('content-length');
  const total = isEncoded || length === null ? undefined : Number(length);
  checkSize(job, total);
  const validator = validatorOf(answer.headers);
  await partial.begin({ url: job.publisherUrl, sizeBytes: total, validator, segmentBytes });
  const digest = new PrefixDigest(job.sha256(), partial);
  const buffer = new Uint8Array(segmentBytes);
  let filled = 0;
  let index = 0;
  let loaded = 0;
  const keep = async () => {
    const segment = buffer.subarray(0, filled);
    await partial.write(index, segment);
    await digest.add(index, segment);
    job.onReceived(segment.byteLength);
    index++;
    filled = 0;
  };
  for await (const chunk of answer.chunks()) {
    loaded += chunk.byteLength;
    if (loaded > (total ?? job.expectedSizeBytes ?? Number.POSITIVE_INFINITY)) break;
    for (let taken = 0; taken < chunk.byteLength; ) {
      const part = chunk.subarray(taken, taken + segmentBytes - filled);
      buffer.set(part, filled);
      filled += part.byteLength;
      taken += part.byteLength;
      if (filled === segmentBytes) await keep();
    }
    job.onLoaded(loaded, total);
  }
  const expected = total ?? job.expectedSizeBytes ?? loaded;
  if (loaded !== expected) throw new Retryable(wrongLength(job, expected, loaded));
  if (filled > 0) await keep();
  job.onLoaded(loaded, loaded);
  return { sizeBytes: loaded, sha256: digest.hex(), validator };
}

interface SegmentsPlan {
  /** The segment whose range is already open. */
  readonly first: number;
  readonly opened: Answer;
}

async function fetchSegments(job: TransferJob, identity: PartialIdentity, plan: SegmentsPlan): Promise<Transferred> {
  const { partial } = job;
  const total = identity.sizeBytes!;
  const stop = new AbortController();
  const onAbort = () => stop.abort(job.transport.signal?.reason);
  job.transport.signal?.addEventListener('abort', onAbort, { once: true });
  const transport = { ...job.transport, signal: stop.signal };
  const digest = new PrefixDigest(job.sha256(), partial);
  const queue = missingSegments(identity, partial);
  const opened = new Map([[plan.first, plan.opened]]);
  let route: URL | undefined = plan.opened.url;
  let loaded = [...partial.segments.values()].reduce((sum, bytes) => sum + bytes, 0);
  const advance = (bytes: number) => {
    loaded += bytes;
    job.onLoaded(loaded, total);
  };
  const ask = async (start: number, end: number) => {
    if (route !== undefined) {
      try {
        return await openRange(route, { start, end, identity }, transport);
      } catch (error) {
        // A signed address that redirects gave may have run out.
        if (!(error instanceof HubError) || ![401, 403, 404, 410].includes(error.status ?? 0)) throw error;
        route = undefined;
      }
    }
    const answer = await openRange(job.source, { start, end, identity }, transport);
    route = answer.url;
    return answer;
  };
  const worker = async () => {
    const buffer = new Uint8Array(Math.min(identity.segmentBytes, total));
    for (let index = queue.shift(); index !== undefined; index = queue.shift()) {
      const start = index * identity.segmentBytes;
      const segment = buffer.subarray(0, Math.min(identity.segmentBytes, total - start));
      const attempts = new Attempts(job.attempts, job.backoffMs, stop.signal);
      await fillSegment(job, { segment, start, opened: opened.get(index), ask, attempts, advance });
      await partial.write(index, segment);
      await digest.add(index, segment);
      job.onReceived(segment.byteLength);
    }
  };
  try {
    await digest.resume();
    const count = Math.max(1, Math.min(job.parallel, queue.length));
    const workers = Array.from({ length: count }, () =>
      worker().catch((error) => {
        stop.abort(error);
        throw error;
      }),
    );
    const outcomes = await Promise.allSettled(workers);
    if (outcomes.some(({ status }) => status === 'rejected')) throw stop.signal.reason;
  } finally {
    job.transport.signal?.removeEventListener('abort', onAbort);
    plan.opened.cancel();
  }
  return { sizeBytes: total, sha256: digest.hex(), validator: identity.validator };
}

interface SegmentPlan {
  readonly segment: Uint8Array;
  readonly start: number;
  readonly opened: Answer | undefined;
  readonly ask: (start: number, end: number) => Promise<Answer>;
  readonly attempts: Attempts;
  readonly advance: (bytes: number) => void;
}

/** Fills a segment from its range; after a failure it goes on where it stopped. */
async function fillSegment(job: TransferJob, plan: SegmentPlan): Promise<void> {
  const { segment, start } = plan;
  let received = 0;
  let opened = plan.opened;
  await retried(plan.attempts, async () => {
    const before = received;
    const answer = opened ?? (await plan.ask(start + received, start + segment.byteLength - 1));
    opened = undefined;
    try {
      for await (const chunk of answer.chunks()) {
        const part = chunk.subarray(0, segment.byteLength - received);
        segment.set(part, received);
        received += part.byteLength;
        plan.advance(part.byteLength);
        if (part.byteLength < chunk.byteLength) break;
      }
    } finally {
      answer.cancel();
      if (received - before >= PROGRESS_BYTES) plan.attempts.progressed();
    }
    if (received < segment.byteLength) {
      throw new Retryable(wrongLength(job, start + segment.byteLength, start + received));
    }
  });
}

async function finish(job: TransferJob, identity: PartialIdentity): Promise<Transferred> {
  const digest = new PrefixDigest(job.sha256(), job.partial);
  await digest.resume();
  return { sizeBytes: identity.sizeBytes!, sha256: digest.hex(), validator: identity.validator };
}

async function retried<T>(attempts: Attempts, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      await attempts.afterFailure(error);
    }
  }
}

function isResumable(identity: PartialIdentity, job: TransferJob): boolean {
  return (
    identity.url === job.publisherUrl &&
    identity.sizeBytes !== undefined &&
    identity.segmentBytes === job.segmentBytes &&
    (identity.validator !== undefined || job.expectedSha256 !== undefined)
  );
}

function isSame(known: PartialIdentity, now: PartialIdentity, { expectedSha256 }: TransferJob): boolean {
  // Mirrors have validators of their own; where the hash is known, it decides in the end.
  return known.sizeBytes === now.sizeBytes && (expectedSha256 !== undefined || known.validator === now.validator);
}

function missingSegments({ sizeBytes = 0, segmentBytes }: PartialIdentity, partial: PartialFile): number[] {
  const count = Math.ceil(sizeBytes / segmentBytes);
  return Array.from({ length: count }, (_, index) => index).filter((index) => !partial.segments.has(index));
}

function checkSize(job: TransferJob, sizeBytes: number | undefined): void {
  const { expectedSizeBytes } = job;
  if (expectedSizeBytes === undefined || sizeBytes === undefined || sizeBytes === expectedSizeBytes) return;
  throw wrongLength(job, expectedSizeBytes, sizeBytes);
}

function wrongLength({ source }: TransferJob, expected: number, got: number): HubError {
  return new HubError('wrong-length', shownUrl(source), `expected ${expected} bytes, got ${got}; try again later`);
}
