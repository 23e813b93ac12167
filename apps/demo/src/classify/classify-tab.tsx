import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useTexts } from '../language/language.ts';
import { createActions } from './actions.ts';
import { AnswerCard } from './answer-card.tsx';
import { openDroppedFiles } from './dropped-files.ts';
import { NetworkCard } from './network-card.tsx';
import { PictureCard } from './picture-card.tsx';
import { startSession } from './session.ts';
import { initialState, type PageState } from './state.ts';
import { createStore } from './store.ts';

/** A picture, a network, and what the one is in the eyes of the other. */
export function ClassifyTab(): VNode {
  const [{ store, actions }] = useState(() => {
    const created = createStore(initialState);
    return { store: created, actions: createActions(created, startSession) };
  });
  const [state, setState] = useState(store.state);
  useEffect(() => store.subscribe(setState), [store]);
  useEffect(() => openDroppedFiles(actions), [actions]);
  useEffect(() => void actions.start(), [actions]);
  return (
    <div class="classify">
      <PictureCard state={state} actions={actions} />
      <NetworkCard state={state} actions={actions} />
      <AnswerCard state={state} actions={actions} />
      <Announcement state={state} />
    </div>
  );
}

/** Says to who does not see the page what is under way. */
function Announcement({ state }: { state: PageState }): VNode {
  const { steps } = useTexts();
  const { busy } = [state.answer, state.model, state.picture, state.device].find((slot) => slot.busy) ?? {};
  return (
    <p id="status" class="unseen" role="status">
      {busy && steps[busy.step](busy.subject ?? '')}
    </p>
  );
}
