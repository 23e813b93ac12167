import type { ComponentChildren, VNode } from 'preact';
import { useTexts } from './language/language.ts';
import type { Actions } from './session/actions.ts';
import type { Slot } from './session/state.ts';
import type { Problem, Progress } from './session/worker/protocol.ts';

/** What a slot has, then what it is busy with, then what went wrong. */
export function SlotOutput(props: {
  id: string;
  class?: string;
  slot: Slot<unknown>;
  actions: Actions;
  live?: boolean;
  /** Ends what it is busy with. */
  cancel?: () => void;
  children?: ComponentChildren;
}): VNode {
  const { id, slot, actions, live, cancel, children } = props;
  const texts = useTexts();
  return (
    <div id={id} class={props.class} aria-live={live ? 'polite' : undefined}>
      {children}
      {slot.busy && <ProgressBar progress={slot.busy} />}
      {slot.busy && cancel && (
        <button type="button" class="cancel" onClick={cancel}>
          {texts.cancel}
        </button>
      )}
      {slot.problem && <ProblemNote problem={slot.problem} actions={actions} />}
    </div>
  );
}

export function ProgressBar({ progress: { step, subject = '', fraction } }: { progress: Progress }): VNode {
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
export function ProblemNote({ problem, actions }: { problem: Problem; actions: Actions }): VNode {
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
