import type { Actions } from '../actions.ts';
import type { PageState, Slot } from '../state.ts';
import { byId } from './by-id.ts';
import { problemNote, progressBar } from './status.ts';

/** Shows a part of the state; called after every change. */
export type View = (actions: Actions) => (state: PageState) => void;

/** A view of one slot: its content, then what it is busy with, then what went wrong; drawn again only where it changed. */
export function slotView<Name extends 'device' | 'model' | 'picture' | 'answer'>(
  name: Name,
  content: (state: PageState) => Node[],
): View {
  return (actions) => {
    const output = byId(`${name}-output`);
    const status = byId('status');
    let shown: Slot<unknown> | undefined;
    return (state) => {
      const slot: Slot<unknown> = state[name];
      if (slot === shown) return;
      if (slot.busy && slot.busy.label !== shown?.busy?.label) status.textContent = slot.busy.label;
      const nodes = content(state);
      if (slot.busy) nodes.push(progressBar(slot.busy));
      if (slot.problem) nodes.push(problemNote(slot.problem, actions));
      output.replaceChildren(...nodes);
      shown = slot;
    };
  };
}
