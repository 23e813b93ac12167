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

/** What went wrong; where another model fits the weights, with a button that takes it. */
export function problemNote({ message, suggestedModel }: Problem, actions: Actions): HTMLElement {
  const note = element('div', 'problem', element('p', '', message));
  note.setAttribute('role', 'alert');
  if (suggestedModel !== undefined) {
    const button = element('button', '', `Take ${suggestedModel}`);
    button.type = 'button';
    button.addEventListener('click', () => void actions.chooseModel(suggestedModel));
    note.append(button);
  }
  return note;
}
