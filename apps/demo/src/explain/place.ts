import type { MapEndpoint } from '@residual/resnet';
import type { Actions } from '../session/actions.ts';
import type { LoadedModel } from '../session/worker/protocol.ts';

/** What the cards of the tab look at. */
export interface Place {
  readonly model: LoadedModel;
  readonly layer: MapEndpoint;
  readonly actions: Actions;
  /** What they are of, and anew when it is another; undefined while there is nothing to look at. */
  readonly cause: object | undefined;
}

export interface ChangeablePlace extends Place {
  setLayer(layer: MapEndpoint): void;
}
