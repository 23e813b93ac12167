import { DecodeError, pictureFormat } from '@residual/vision';
import { Stalled, Watchdog } from '@residual/weights/hub';

/** More bytes than any picture's file has. */
export const MOST_PICTURE_BYTES: number = 2 ** 30;

export interface FetchImageOptions {
  readonly signal?: AbortSignal | undefined;
  /** Another `fetch`, e.g. one that goes through a proxy. */
  readonly fetch?: typeof fetch | undefined;
  /** Longer than this no server may take to answer, nor pause while it sends, in milliseconds. Default: 30,000. */
  readonly stallTimeoutMs?: number;
  /** More bytes than this no file may have. Default: `MOST_PICTURE_BYTES`, 1 GiB. */
  readonly maxBytes?: number;
}

/** What is told about a file by its beginning. */
const HEAD_BYTES = 4096;

/** Whether something is fetched, not read from a disk. */
export function isWebAddress(input: unknown): input is string | URL {
  return (typeof input === 'string' || input instanceof URL) && /^(https?|data|blob):/i.test(String(input));
}

/** What an address that is not fetched begins with (`ftp:`); `undefined` for one that is, and for a path. */
export function otherScheme(input: string | URL): string | undefined {
  if (isWebAddress(input)) return undefined;
  return /^[a-z][a-z\d+.-]+:(?=\/\/)|^file:/i.exec(String(input))?.[0].toLowerCase();
}

/** What messages call an address: as much of it as fits, of one that holds the picture its kind. */
export function addressName(address: string | URL): string {
  const text = String(address);
  const most = /^data:/i.test(text) ? 40 : 100;
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * The file at an `http:`, `https:`, `data:` or, in a browser, `blob:` address; of one that is no picture by its first 4 KB
 * only these, from which decoders tell what it is.
 *
 * @throws DecodeError `FILE_UNREADABLE` where it cannot be had, has more than `maxBytes`, or nothing comes for too long; and
 * the signal's reason.
 */
export async function fetchImage(address: string | URL, options: FetchImageOptions = {}): Promise<Blob> {
  const { signal, fetch: request = fetch, stallTimeoutMs = 30_000, maxBytes = MOST_PICTURE_BYTES } = options;
  const failed = (got: string, cause?: unknown): DecodeError => {
    const problem = `expected a picture, got ${got}; check the address`;
    return new DecodeError('FILE_UNREADABLE', addressName(address), problem, cause);
  };
  const watchdog = new Watchdog(stallTimeoutMs, signal);
  let response: Response | undefined;
  try {
    response = await watchdog.race(request(address, { signal: watchdog.signal }));
    if (!response.ok) throw failed(`status ${response.status}`);
    const isLarge = Number(response.headers.get('content-length')) > maxBytes;
    const parts = isLarge ? undefined : await readParts(response, watchdog, maxBytes);
    if (parts === undefined) throw failed(`more than ${maxBytes.toLocaleString('en')} bytes`);
    return new Blob(parts);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Stalled) throw failed(`nothing for ${stallTimeoutMs / 1000} s`, error);
    throw DecodeError.isInstance(error) ? error : failed(reasonOf(error), error);
  } finally {
    watchdog.stop();
    // What is left is not wanted.
    if (!response?.body?.locked) response?.body?.cancel().catch(() => undefined);
  }
}

/** A body's bytes as they came, of what is no picture the head alone; `undefined` where they are more than `maxBytes`. */
async function readParts(
  { body }: Response,
  watchdog: Watchdog,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>[] | undefined> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const head = new Uint8Array(HEAD_BYTES);
  let sizeBytes = 0;
  const reader = body?.getReader();
  try {
    while (reader !== undefined) {
      watchdog.feed();
      const { done, value } = await watchdog.race(reader.read());
      if (done) break;
      const missing = Math.max(0, HEAD_BYTES - sizeBytes);
      if (missing > 0) head.set(value.subarray(0, missing), sizeBytes);
      sizeBytes += value.length;
      if (sizeBytes > maxBytes) return undefined;
      parts.push(value);
      if (missing > 0 && sizeBytes >= HEAD_BYTES && !pictureFormat(head)?.isPicture) return [head];
    }
    return parts;
  } finally {
    reader?.cancel().catch(() => undefined);
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
