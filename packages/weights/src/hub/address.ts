/** An address without credentials, query and fragment, which may hold secrets. */
export function shownUrl(url: URL | string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The last part of an address's path, fit to be a file's name anywhere. */
export function fileNameOf(url: URL | string): string {
  const last = new URL(url).pathname.split('/').pop() ?? '';
  const safe = last.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '');
  return safe.slice(-100) || 'file';
}

/** The addresses that a publisher's file is asked of, in order: the publisher's own where there is no mirror for it. */
export function sourcesOf(publisherUrl: string, mirrors: readonly string[]): URL[] {
  const publisher = new URL(publisherUrl);
  const sources = mirrors.flatMap((mirror) => {
    if (mirror === 'direct') return [publisher];
    const [, host, hostBase] = /^([\w.:-]+)=(.+)$/.exec(mirror) ?? [];
    if (host === undefined) return [join(mirror, `/${publisher.host}${publisher.pathname}`, publisher)];
    return host === publisher.host ? [join(hostBase!, publisher.pathname, publisher)] : [];
  });
  return sources.length === 0 ? [publisher] : sources;
}

function join(base: string, path: string, { search }: URL): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  url.search = search;
  return url;
}
