/** Has the page kept for when there is no network, in a build that is served; its files come in the background. */
export async function keepOffline(): Promise<void> {
  if (import.meta.env.MODE === 'development' || !('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('service-worker.js');
  } catch {
    // Private windows refuse; the page works all the same, with a network.
  }
}
