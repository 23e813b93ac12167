import { shownUrl } from './address.ts';
import { parseRetryAfterMs, Retryable } from './attempts.ts';
import { HubError } from './hub-error.ts';
import { Stalled, Watchdog } from './watchdog.ts';

/** How requests are made. */
export interface Transport {
  readonly fetch: typeof fetch;
  /** Tokens by origin. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A server's answer of status 200, 206 or 416. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where the redirects led. */
  readonly url: URL;
  /** The body's bytes as they come. @throws Retryable where they stop coming. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Lets go of a body that is not wanted. */
  cancel(): void;
}

const MOST_REDIRECTS = 10;

/**
 * Asks for `address`, and follows redirects itself where the platform lets it, so that a token goes to its own origin only.
 *
 * @throws HubError for what another attempt would not mend, Retryable for the rest, and the signal's reason.
 */
export async function request(
  address: URL,
  headers: Readonly<Record<string, string>>,
  transport: Transport,
): Promise<Answer> {
  const watchdog = new Watchdog(transport.stallTimeoutMs, transport.signal);
  try {
    const { response, url } = await follow(address, headers, transport, watchdog);
    if (![200, 206, 416].includes(response.status)) {
      response.body?.cancel().catch(() => undefined);
      throw refusal(response, url);
    }
    return {
      status: response.status,
      headers: response.headers,
      url,
      chunks: () => readChunks(response, url, transport, watchdog),
      cancel: () => {
        watchdog.stop();
        response.body?.cancel().catch(() => undefined);
      },
    };
  } catch (error) {
    watchdog.stop();
    throw explain(error, address, transport);
  }
}

async function follow(
  address: URL,
  headers: Readonly<Record<string, string>>,
  transport: Transport,
  watchdog: Watchdog,
): Promise<{ response: Response; url: URL }> {
  let authorization = basicAuthorization(address);
  let url = withoutCredentials(address);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const token = transport.tokens[url.origin];
    const authorized = token === undefined ? authorization : `Bearer ${token}`;
    const init = {
      headers: { 'Accept-Encoding': 'identity', ...headers, ...(authorized && { Authorization: authorized }) },
      signal: watchdog.signal,
      cache: 'no-store',
      credentials: 'omit',
    } as const;
    const response = await watchdog.race(transport.fetch(url.href, { ...init, redirect: 'manual' }));
    watchdog.feed();
    if (response.type === 'opaqueredirect') {
      // A page may not see where it leads; browsers themselves take the token off for another origin.
      const followed = await watchdog.race(transport.fetch(url.href, { ...init, redirect: 'follow' }));
      return { response: followed, url: followed.url === '' ? url : new URL(followed.url) };
    }
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return { response, url };
    response.body?.cancel().catch(() => undefined);
    const next = redirectTarget(location, url);
    if (next.origin !== url.origin) authorization = undefined;
    url = next;
  }
  throw new HubError('server', shownUrl(address), `more than ${MOST_REDIRECTS} redirects; check the address`);
}

function redirectTarget(location: string, from: URL): URL {
  const next = URL.canParse(location, from.href) ? withoutCredentials(new URL(location, from)) : undefined;
  const isSafe = next?.protocol === 'https:' || (next?.protocol === 'http:' && from.protocol === 'http:');
  if (next !== undefined && isSafe) return next;
  throw new HubError(
    'refused',
    shownUrl(from),
    `redirects to what is no safe address; check the address or the mirror`,
  );
}

function basicAuthorization({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`;
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return bare;
}

async function* readChunks(
  response: Response,
  url: URL,
  transport: Transport,
  watchdog: Watchdog,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  try {
    while (reader !== undefined) {
      watchdog.feed();
      const { done, value } = await watchdog.race(reader.read());
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw explain(error, url, transport);
  } finally {
    watchdog.stop();
    reader?.cancel().catch(() => undefined);
  }
}

/** What went wrong on the way, for people; an abort by the caller stays what it is. */
function explain(error: unknown, address: URL, { signal }: Transport): unknown {
  if (error instanceof HubError || error instanceof Retryable) return error;
  if (signal?.aborted) return signal.reason;
  const source = shownUrl(address);
  if (error instanceof Stalled) {
    return new Retryable(new HubError('timeout', source, `${error.message}; check the network, or try again later`));
  }
  const { code, message } = rootOf(error);
  const failure = new HubError('network', source, `could not be fetched (${message}); ${advice(code)}`, {
    cause: error,
  });
  return isLasting(code) ? failure : new Retryable(failure);
}

function advice(code: string | undefined): string {
  return isLasting(code)
    ? 'check the network, the proxy variables or RESIDUAL_MIRROR'
    : 'check the network and try again; what came so far is kept';
}

/** No such host, or a certificate that is not accepted: the next attempt would find the same. */
function isLasting(code: string | undefined): boolean {
  return (
    code !== undefined && /^(ENOTFOUND|ERR_INVALID_URL|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(code)
  );
}

function rootOf(error: unknown): { code: string | undefined; message: string } {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  if (!(root instanceof Error)) return { code: undefined, message: String(root) };
  const code = (root as { code?: unknown }).code;
  return { code: typeof code === 'string' ? code : undefined, message: root.message || String(code ?? root.name) };
}

/** A status that is no answer. */
function refusal({ status, statusText, headers }: Response, url: URL): HubError | Retryable {
  const source = shownUrl(url);
  const said = headers.get('x-error-message') ?? statusText;
  const got = `HTTP status ${status}${said === '' ? '' : ` (${said})`}`;
  if (status === 404 || status === 410) {
    return new HubError('not-found', source, `expected a file, got ${got}; check the name and the revision`, {
      status,
    });
  }
  if (status === 401 || status === 403) {
    const text = `${got}: private, gated or not there; set HF_TOKEN, or pass tokens, for an account that may read it`;
    return new HubError('forbidden', source, text, { status });
  }
  const retryAfterMs = parseRetryAfterMs(headers.get('retry-after'));
  if (status === 429) {
    return new Retryable(new HubError('rate-limited', source, `${got}; try again later`, { status }), retryAfterMs);
  }
  const failure = new HubError(status >= 500 ? 'server' : 'refused', source, `${got}; try again later`, { status });
  const isPassing = status === 408 || status === 425 || (status >= 500 && status !== 501 && status !== 505);
  return isPassing ? new Retryable(failure, retryAfterMs) : failure;
}
