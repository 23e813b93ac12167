import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What goes wrong with one answer; `flip` changes one bit, at a share of the body, and `cut` waits for `when`. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'reset' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly when?: Promise<unknown> }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'drip'; readonly pauseMs: number }
  | { readonly kind: 'flip'; readonly at: number }
  | { readonly kind: 'short' }
  | { readonly kind: 'long' }
  | { readonly kind: 'no-ranges' }
  | { readonly kind: 'wrong-range' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'web-page' }
  | { readonly kind: 'new-etag' }
  | { readonly kind: 'redirect-loop' }
  | { readonly kind: 'redirect-away'; readonly to: string };

/** One request as the server saw it. */
export interface Seen {
  readonly place: 'hub' | 'storage';
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface HubFile {
  readonly bytes: Uint8Array;
  /** Without, the file is served where it is asked for; with, the hub redirects to its storage at another origin. */
  readonly isStored?: boolean;
}

/**
 * Servers that answer as download.pytorch.org and the Hugging Face hub do: `/models/NAME` straight, and
 * `/OWNER/NAME/resolve/COMMIT/FILE` by a redirect to signed addresses of a storage at another origin, both with ranges and
 * ETags; `/api/models/…` with commit, sizes and hashes.
 */
export class LocalHub {
  readonly seen: Seen[] = [];
  readonly files: Map<string, HubFile> = new Map<string, HubFile>();
  readonly repos: Map<string, RepoDescription> = new Map<string, RepoDescription>();
  /** Decides what goes wrong with a request. */
  fault: (seen: Seen) => Fault | undefined = () => undefined;
  /** A token without which repositories are private. */
  token: string | undefined;
  readonly #servers: Server[];
  #origins: { hub: string; storage: string } | undefined;

  constructor() {
    this.#servers = (['hub', 'storage'] as const).map((place) =>
      createServer((request, response) => this.#answer(place, request, response)),
    );
  }

  async listen(): Promise<void> {
    const [hub, storage] = await Promise.all(
      this.#servers.map(async (server) => {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      }),
    );
    this.#origins = { hub: hub!, storage: storage! };
  }

  get url(): string {
    return this.#origins!.hub;
  }

  get storageUrl(): string {
    return this.#origins!.storage;
  }

  async close(): Promise<void> {
    for (const server of this.#servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Puts a repository there, with all files of it at one commit. */
  addRepo(repo: string, description: Omit<RepoDescription, 'commit'>): string {
    const commit = createHash('sha1').update(repo).digest('hex');
    this.repos.set(repo, { ...description, commit });
    for (const [name, bytes] of Object.entries(description.files)) {
      this.files.set(`/${repo}/resolve/${commit}/${name}`, { bytes, isStored: !name.endsWith('.json') });
    }
    return commit;
  }

  #answer(place: Seen['place'], request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, 'http://localhost');
    const seen: Seen = {
      place,
      method: request.method!,
      path: url.pathname,
      range: request.headers.range,
      authorization: request.headers.authorization,
    };
    // Pages of any origin may ask, as those of the real hubs may.
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Expose-Headers', 'ETag, Content-Range, Accept-Ranges, X-Error-Message');
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'Access-Control-Allow-Headers': 'authorization, range' });
      response.end();
      return;
    }
    this.seen.push(seen);
    const fault = this.fault(seen);
    if (fault?.kind === 'silent') return;
    if (fault?.kind === 'reset') request.socket.destroy();
    else if (fault?.kind === 'redirect-loop') redirect(response, request.url!);
    else if (fault?.kind === 'redirect-away') redirect(response, fault.to);
    else if (fault?.kind === 'status') {
      response.writeHead(fault.status, fault.retryAfter ? { 'Retry-After': fault.retryAfter } : {});
      response.end('no');
    } else if (place === 'storage' && !url.searchParams.has('signature')) refuse(response, 403);
    else if (this.#isPrivate(seen)) refuse(response, 401);
    else this.#give(seen, response, fault);
  }

  #isPrivate({ place, path, authorization }: Seen): boolean {
    const isGuarded = place === 'hub' && this.token !== undefined && !path.startsWith('/models/');
    return isGuarded && authorization !== `Bearer ${this.token}`;
  }

  #give(seen: Seen, response: ServerResponse, fault: Fault | undefined): void {
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(seen.path);
    const file = this.files.get(seen.path);
    if (api !== null) this.#describe(api[1]!, decodeURIComponent(api[2]!), response, fault);
    else if (file === undefined) refuse(response, 404);
    else if (file.isStored && seen.place === 'hub') {
      redirect(response, `${this.storageUrl}${seen.path}?signature=${this.seen.length}`);
    } else serve(response, file.bytes, seen.range, fault);
  }

  #describe(repo: string, revision: string, response: ServerResponse, fault: Fault | undefined): void {
    const found = this.repos.get(repo);
    if (found === undefined || (revision !== 'main' && revision !== found.commit)) {
      refuse(response, 404);
      return;
    }
    const siblings = Object.entries(found.files).map(([rfilename, bytes]) => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const lfs = rfilename.endsWith('.json') ? {} : { lfs: { sha256, size: bytes.byteLength, pointerSize: 134 } };
      const blobId = createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex');
      return { rfilename, size: bytes.byteLength, blobId, ...lfs };
    });
    const { commit, licence } = found;
    const answer = { id: repo, sha: commit, private: false, cardData: licence ? { license: licence } : {}, siblings };
    serve(response, new TextEncoder().encode(JSON.stringify(answer)), undefined, fault);
  }
}

export interface RepoDescription {
  readonly commit: string;
  readonly licence?: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { Location: location });
  response.end();
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'X-Error-Message': status === 401 ? 'Invalid credentials' : 'Entry not found' });
  response.end('no');
}

function serve(response: ServerResponse, file: Uint8Array, rangeHeader: string | undefined, fault?: Fault): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(rangeHeader ?? '') ?? [];
  const isRanged = first !== undefined && !['no-ranges', 'gzip', 'web-page'].includes(fault?.kind ?? '');
  const etag = etagOf(file);
  const headers: Record<string, string> = {
    'Accept-Ranges': 'bytes',
    'Content-Type': 'application/octet-stream',
    ETag: `"${fault?.kind === 'new-etag' ? `${etag}-2` : etag}"`,
  };
  let start = 0;
  let end = file.byteLength - 1;
  if (isRanged) {
    start = Number(first);
    end = Math.min(end, last === '' ? end : Number(last));
    if (start > end) {
      response.writeHead(416, { 'Content-Range': `bytes */${file.byteLength}` });
      response.end();
      return;
    }
    const said = fault?.kind === 'wrong-range' ? start + 1 : start;
    headers['Content-Range'] = `bytes ${said}-${end}/${file.byteLength}`;
  }
  let body: Uint8Array = fault?.kind === 'flip' ? file.slice(start, end + 1) : file.subarray(start, end + 1);
  if (fault?.kind === 'flip' && body.byteLength > 0) body[Math.floor(fault.at * body.byteLength)]! ^= 0x10;
  if (fault?.kind === 'short') body = body.subarray(0, Math.floor(body.byteLength / 2));
  if (fault?.kind === 'long') body = Uint8Array.from([...body, ...body.subarray(0, 33)]);
  if (fault?.kind === 'web-page')
    body = new TextEncoder().encode('<!doctype html><title>Log in to the network</title>');
  if (fault?.kind === 'gzip') {
    body = gzipSync(body);
    headers['Content-Encoding'] = 'gzip';
  }
  if (fault?.kind !== 'long') headers['Content-Length'] = String(body.byteLength);
  response.writeHead(isRanged ? 206 : 200, headers);
  send(response, body, fault);
}

function send(response: ServerResponse, body: Uint8Array, fault: Fault | undefined): void {
  if (fault?.kind === 'cut') {
    const part = body.subarray(0, Math.min(fault.afterBytes, body.byteLength - 1));
    const { when = new Promise((resolve) => setTimeout(resolve, 40)) } = fault;
    response.write(part, () => when.then(() => response.destroy()));
  } else if (fault?.kind === 'stall') {
    response.write(body.subarray(0, Math.min(fault.afterBytes, body.byteLength - 1)));
  } else if (fault?.kind === 'drip') {
    const half = Math.ceil(body.byteLength / 2);
    response.write(body.subarray(0, half));
    setTimeout(() => response.end(body.subarray(half)), fault.pauseMs);
  } else response.end(body);
}

const etags = new WeakMap<Uint8Array, string>();

function etagOf(file: Uint8Array): string {
  const etag = etags.get(file) ?? createHash('md5').update(file).digest('hex');
  etags.set(file, etag);
  return etag;
}
