// The build puts `precache` before this: { version, files }, with files relative to the page.
const { version, files } = self.precache;
const prefix = `residual-demo ${self.registration.scope} `;
const cacheName = prefix + version;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(files)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(removeOlder().then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  if (method !== 'GET' || !url.startsWith(self.registration.scope)) return;
  event.respondWith(mode === 'navigate' ? networkFirst(event.request) : cacheFirst(event.request));
});

async function removeOlder() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((name) => name.startsWith(prefix) && name !== cacheName).map((name) => caches.delete(name)),
  );
}

/** A new version is seen as soon as it is there. */
async function networkFirst(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match('./', { cacheName, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

/** Files have their content's hash in their names, and are the same whoever asks: what servers vary by does not matter. */
async function cacheFirst(request) {
  return (await caches.match(request, { cacheName, ignoreSearch: true, ignoreVary: true })) ?? fetch(request);
}
