import type { HubOptions } from '@residual/weights/hub';

/** How weights are fetched and kept in a browser: as the client does by itself, in Cache Storage. */
export async function defaultHub(): Promise<HubOptions> {
  return {};
}
