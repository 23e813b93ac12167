import type { Prediction } from '@residual/vision';
import type { PageState } from '../state.ts';
import { byId } from './by-id.ts';
import { element } from './element.ts';
import { slotView, type View } from './view.ts';

/** The likeliest classes as bars; without an answer, what it waits for. */
export const answerView: View = (actions) => {
  const again = byId<HTMLButtonElement>('run-again');
  const output = slotView('answer', answer)(actions);
  const waiting = byId('answer-waiting');
  return (state) => {
    again.hidden = !state.answer.value;
    again.disabled = state.answer.busy !== undefined;
    waiting.textContent = waitsFor(state);
    output(state);
  };
};

function answer({ answer: { value } }: PageState): Node[] {
  if (!value) return [];
  const { predictions, forwardMs, prepareMs, isFirstRun } = value;
  const first = isFirstRun ? ' (the first run, which is the slowest)' : '';
  return [
    element('ol', 'bars', ...predictions.map(bar)),
    element('p', 'minor', `Network ${duration(forwardMs)}${first}, resizing ${duration(prepareMs)}.`),
  ];
}

function bar({ index, label, score }: Prediction): HTMLLIElement {
  const strip = element('span', 'strip');
  strip.style.setProperty('--score', String(score));
  strip.setAttribute('aria-hidden', 'true');
  return element(
    'li',
    '',
    element('span', 'label', label ?? `class ${index}`),
    element('span', 'score', `${(100 * score).toFixed(1)} %`),
    strip,
  );
}

function waitsFor({ model, picture, answer }: PageState): string {
  if (answer.value || answer.busy || answer.problem) return '';
  if (model.busy || picture.busy) return 'Soon.';
  const missing = [model.value ? '' : 'weights', picture.value ? '' : 'a picture'].filter(Boolean);
  return missing.length > 0 ? `Waits for ${missing.join(' and ')}.` : '';
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
