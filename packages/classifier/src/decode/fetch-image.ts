import { DecodeError } from '@residual/vision';

/** Whether something is fetched, not read from a disk. */
export function isWebAddress(input: unknown): input is string | URL {
  return (typeof input === 'string' || input instanceof URL) && /^(https?|data|blob):/i.test(String(input));
}

/** What messages call an address: as much of it as fits, of one that holds the picture its kind. */
export function addressName(address: string | URL): string {
  const text = String(address);
  const most = /^data:/i.test(text) ? 40 : 100;
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/**
 * The file at an `http:`, `https:`, `data:` or, in a browser, `blob:` address.
 *
 * @param request Another `fetch`, e.g. one that goes through a proxy.
 * @throws DecodeError where the picture cannot be had, and the signal's reason.
 */
export async function fetchImage(
  address: string | URL,
  signal?: AbortSignal,
  request: typeof fetch = fetch,
): Promise<Blob> {
  const source = addressName(address);
  const failed = (got: string, cause?: unknown): DecodeError =>
    new DecodeError('FILE_UNREADABLE', source, `expected a picture, got ${got}; check the address`, cause);
  try {
    const response = await request(address, signal ? { signal } : {});
    if (!response.ok) throw failed(`status ${response.status}`);
    return await response.blob();
  } catch (error) {
    signal?.throwIfAborted();
    throw DecodeError.isInstance(error) ? error : failed(reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
