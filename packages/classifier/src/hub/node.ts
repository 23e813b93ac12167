import type { HubOptions } from '@residual/weights/hub';
import { hubFromEnvironment } from '@residual/weights/node';

/** How weights are fetched and kept in Node: as the environment says, in a folder. */
export function defaultHub(): Promise<HubOptions> {
  return hubFromEnvironment();
}
