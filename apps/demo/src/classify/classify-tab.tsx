import type { VNode } from 'preact';
import type { TabProps } from '../app.tsx';
import { AnswerCard } from './answer-card.tsx';
import { NetworkCard } from './network-card.tsx';
import { PictureCard } from './picture-card.tsx';
import { useCamera } from './use-camera.ts';

/** A picture, a network, and what the one is in the eyes of the other. */
export function ClassifyTab({ state, actions, isShown }: TabProps): VNode {
  const camera = useCamera(actions, isShown && state.model.value !== undefined);
  return (
    <div class="classify">
      <PictureCard state={state} actions={actions} camera={camera} />
      <NetworkCard state={state} actions={actions} />
      <AnswerCard state={state} actions={actions} camera={camera} />
    </div>
  );
}
