import { type ByteSource, sourceFromBytes } from './byte-source.ts';
import { WeightsSourceError } from './weights-source-error.ts';

/**
 * Fetches the whole body into one buffer, and gives a source over it.
 *
 * @throws WeightsSourceError where the server refuses or cannot be reached; an abort is passed on as it is.
 */
export async function sourceFromUrl(
  url: URL,
  options: { readonly fetch?: typeof fetch; readonly signal?: AbortSignal } = {},
): Promise<ByteSource> {
  const name = url.href;
  const request = options.fetch ?? fetch;
  try {
    const response = await request(url, options.signal ? { signal: options.signal } : undefined);
    if (!response.ok) {
      const text = `expected HTTP status 200, got ${response.status} ${response.statusText}; check the address`;
      throw new WeightsSourceError('http', name, text, { status: response.status });
    }
    return sourceFromBytes(await response.arrayBuffer(), name);
  } catch (error) {
    if (WeightsSourceError.isInstance(error) || options.signal?.aborted) throw error;
    throw new WeightsSourceError('network', name, `could not be fetched (${reason(error)}); check the network`, {
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
