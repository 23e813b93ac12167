import type { ComponentChildren, VNode } from 'preact';
import type { Actions } from './classify/actions.ts';
import type { Slot } from './classify/state.ts';
import type { Problem, Progress } from './classify/worker/protocol.ts';
import { useTexts } from './language/language.ts';

/** What a slot has, then what it is busy with, then what went wrong. */
export function SlotOutput(props: {
  id: string;
  class?: string;
  slot: Slot<unknown>;
  actions: Actions;
  live?: boolean;
  children?: ComponentChildren;
}): VNode {
  const { id, slot, actions, live, children } = props;
  return (
    <div id={id} class={props.class} aria-live={live ? 'polite' : undefined}>
      {children}
      {slot.busy && <ProgressBar progress={slot.busy} />}
      {slot.problem && <ProblemNote problem={slot.problem} actions={actions} />}
    </div>
  );
}

function ProgressBar({ progress: { step, subject = '', fraction } }: { progress: Progress }): VNode {
  const label = useTexts().steps[step](subject);
  const percent = fraction === undefined ? '' : ` ${Math.floor(100 * fraction)} %`;
  return (
    <div class="busy">
      <span>{`${label}…${percent}`}</span>
      <progress aria-label={label} value={fraction} />
    </div>
  );
}

/** With a button for what can be done about it. */
function ProblemNote({ problem, actions }: { problem: Problem; actions: Actions }): VNode {
  const texts = useTexts();
  const { message, suggestedModel, endedWorker } = problem;
  return (
    <div class="problem" role="alert">
      <p lang="en">{message}</p>
      {suggestedModel !== undefined && (
        <button type="button" onClick={() => void actions.chooseModel(suggestedModel)}>
          {texts.take(suggestedModel)}
        </button>
      )}
      {endedWorker && (
        <button type="button" onClick={() => void actions.restart()}>
          {texts.startAgain}
        </button>
      )}
    </div>
  );
}
