import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { folderCache } from './folder-cache.ts';
import { freeReceived } from './free-received.ts';
import { HubError } from './hub-error.ts';
import type { HubOptions } from './hub-options.ts';
import { locatePath } from './local-folder.ts';
import type { Sha256 } from './sha256.ts';
import type { WeightsCache } from './weights-cache.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What `hubFromEnvironment` settles. */
export type NodeHubOptions = HubOptions & { readonly cache: WeightsCache };

/**
 * The client's options in Node, by the environment: the cache's folder (`RESIDUAL_HOME`, else `residual` in
 * `XDG_CACHE_HOME` or `~/.cache`), `RESIDUAL_OFFLINE` (or `HF_HUB_OFFLINE`), `RESIDUAL_MIRROR`, `HF_TOKEN`, `HF_ENDPOINT`,
 * and the proxy variables (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). Paths of files and folders can be loaded too.
 *
 * @throws HubError (`bad-reference`) for an address in them that is none.
 */
export async function hubFromEnvironment(env: Environment = process.env): Promise<NodeHubOptions> {
  const hubUrl = env['HF_ENDPOINT'] || 'https://huggingface.co';
  checkAddress('HF_ENDPOINT', hubUrl);
  const mirrors = (env['RESIDUAL_MIRROR'] ?? '').split(',').map((part) => part.trim());
  const named = mirrors.filter((mirror) => mirror !== '');
  for (const mirror of named) {
    if (mirror !== 'direct') checkAddress('RESIDUAL_MIRROR', mirror.replace(/^[\w.:-]+=(?=https?:)/, ''));
  }
  const token = env['HF_TOKEN'];
  const proxied = await proxiedFetch(env);
  return {
    ...(proxied && { fetch: proxied }),
    cache: folderCache(cacheFolder(env)),
    offline: isSet(env['RESIDUAL_OFFLINE']) || isSet(env['HF_HUB_OFFLINE']),
    mirrors: named,
    tokens: token ? { [new URL(hubUrl).origin]: token } : {},
    hubUrl,
    sha256: nodeSha256,
    onReceived: freeReceived(),
    locatePath,
  };
}

/** The folder that downloads are kept in. */
export function cacheFolder(env: Environment = process.env): string {
  return join(home(env), 'weights');
}

/** The folder beside it, for weights as the native kernels pack them. */
export function packedFolder(env: Environment = process.env): string {
  return join(home(env), 'packed');
}

/** Whether packed weights may be kept: not where `RESIDUAL_NO_PACKED` is set. */
export function keepsPacked(env: Environment = process.env): boolean {
  return !isSet(env['RESIDUAL_NO_PACKED']);
}

function home(env: Environment): string {
  const caches = env['XDG_CACHE_HOME'] || env['LOCALAPPDATA'] || join(homedir(), '.cache');
  return env['RESIDUAL_HOME'] || join(caches, 'residual');
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false', 'no', 'off'].includes(value.toLowerCase());
}

function checkAddress(variable: string, value: string): void {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return;
  throw new HubError('bad-reference', variable, 'expected an http(s) address; check the variable');
}

/** undici's fetch through the environment's proxies; Node's own knows them from 24 on, and only where it is told to. */
async function proxiedFetch(env: Environment): Promise<typeof fetch | undefined> {
  const read = (name: string) => env[name.toLowerCase()] || env[name.toUpperCase()];
  const [httpProxy, httpsProxy, noProxy] = [read('http_proxy'), read('https_proxy'), read('no_proxy')];
  if (!httpProxy && !httpsProxy) return undefined;
  const undici = await import('undici');
  const dispatcher = new undici.EnvHttpProxyAgent({
    ...(httpProxy && { httpProxy }),
    ...(httpsProxy && { httpsProxy }),
    ...(noProxy && { noProxy }),
  });
  const request = (input: unknown, init: object = {}) => undici.fetch(input as string, { ...init, dispatcher });
  return request as unknown as typeof fetch;
}

function nodeSha256(): Sha256 {
  const hash = createHash('sha256');
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    hex: () => hash.digest('hex'),
  };
}
