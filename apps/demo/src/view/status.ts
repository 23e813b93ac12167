import type { Actions } from '../actions.ts';
import type { Problem, Progress } from '../worker/protocol.ts';
import { element } from './element.ts';

/** What a slot is busy with, as a bar with its label. */
export function progressBar({ label, fraction }: Progress): HTMLElement {
  const bar = element('progress');
  bar.setAttribute('aria-label', label);
  if (fraction !== undefined) bar.value = fraction;
  const percent = fraction === undefined ? '' : ` ${Math.floor(100 * fraction)} %`;
  return element('div', 'busy', element('span', '', `${label}…${percent}`), bar);
}

/** What went wrong, with a button for what can be done about it. */
export function problemNote({ message, suggestedModel, endedWorker }: Problem, actions: Actions): HTMLElement {
  const note = element('div', 'problem', element('p', '', message));
  note.setAttribute('role', 'alert');
  if (suggestedModel !== undefined)
    note.append(button(`Take ${suggestedModel}`, () => actions.chooseModel(suggestedModel)));
  if (endedWorker) note.append(button('Start again', () => actions.restart()));
  return note;
}

function button(text: string, act: () => Promise<void>): HTMLButtonElement {
  const created = element('button', '', text);
  created.type = 'button';
  created.addEventListener('click', () => void act());
  return created;
}
