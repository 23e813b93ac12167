import type { VNode } from 'preact';
import type { TabProps } from '../app.tsx';
import { AnswerCard } from './answer-card.tsx';
import { NetworkCard } from './network-card.tsx';
import { PictureCard } from './picture-card.tsx';
import { PictureList } from './picture-list.tsx';
import { useCamera } from './use-camera.ts';

/** A picture, a network, and what the one is in the eyes of the other; a list where there are several pictures. */
export function ClassifyTab({ state, actions, isShown }: TabProps): VNode {
  const camera = useCamera(actions, isShown && state.model.value !== undefined);
  return (
    <div class="classify">
      <PictureCard state={state} actions={actions} camera={camera} />
      <NetworkCard state={state} actions={actions} />
      <AnswerCard state={state} actions={actions} camera={camera} />
      {!camera.isOn && <PictureList state={state} actions={actions} />}
    </div>
  );
}
