import type { Prediction } from '@residual/vision';
import type { FunctionComponent, VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { duration } from '../duration.ts';
import type { AnswerHeatmap } from '../explain/answer-heatmap.tsx';
import type { Texts } from '../language/en.ts';
import { useTexts } from '../language/language.ts';
import type { Actions } from '../session/actions.ts';
import type { PageState } from '../session/state.ts';
import { SlotOutput } from '../status.tsx';
import type { Camera } from './use-camera.ts';

/** The likeliest classes as bars; without an answer, what it waits for. */
export function AnswerCard(props: { state: PageState; actions: Actions; camera: Camera }): VNode {
  const { state, actions, camera } = props;
  const texts = useTexts().answer;
  const { busy, problem } = state.answer;
  const value = camera.answer ?? state.answer.value;
  const shown = camera.isOn ? undefined : state.picture.value?.name;
  const Where = useHeatmap(state.answer.value !== undefined);
  return (
    <section class="card answer" aria-labelledby="answer-heading">
      <h2 id="answer-heading">{texts.heading}</h2>
      <p id="answer-waiting" class="minor">
        {camera.isOn ? '' : waitsFor(state, texts)}
      </p>
      <SlotOutput id="answer-output" slot={state.answer} actions={actions} live={!camera.isOn}>
        {value && (
          <>
            <ol class="bars" aria-label={shown && texts.of(shown)}>
              {value.predictions.map((prediction) => (
                <Bar key={prediction.index} {...prediction} />
              ))}
            </ol>
            {camera.framesPerSecond !== undefined && (
              <p id="frame-rate">{texts.framesPerSecond(camera.framesPerSecond.toFixed(1))}</p>
            )}
            <p class="minor">
              {texts.took(
                duration(value.forwardMs),
                value.isFirstRun,
                value.prepareMs === undefined ? undefined : duration(value.prepareMs),
              )}
            </p>
          </>
        )}
      </SlotOutput>
      {Where && state.answer.value && state.model.value && !camera.isOn && (
        <Where model={state.model.value} answer={state.answer.value} actions={actions} />
      )}
      {(value || problem) && !camera.isOn && (
        <button type="button" id="run-again" disabled={busy !== undefined} onClick={() => void actions.classify()}>
          {texts.runAgain}
        </button>
      )}
    </section>
  );
}

/** The heat map's code, which comes after the first answer; without it the answer stands alone. */
function useHeatmap(isWanted: boolean): FunctionComponent<Parameters<typeof AnswerHeatmap>[0]> | undefined {
  const [found, setFound] = useState<{ Content: typeof AnswerHeatmap }>();
  useEffect(() => {
    if (!isWanted) return;
    import('../explain/answer-heatmap.tsx').then(
      ({ AnswerHeatmap: Content }) => setFound({ Content }),
      () => setFound(undefined),
    );
  }, [isWanted]);
  return found?.Content;
}

function Bar({ index, label, score }: Prediction): VNode {
  const texts = useTexts().answer;
  return (
    <li>
      <span class="label">{label ?? texts.class(index)}</span>
      <span class="score">{(100 * score).toFixed(1)} %</span>
      <span class="strip" style={{ '--score': String(score) }} aria-hidden="true" />
    </li>
  );
}

function waitsFor({ model, picture, answer }: PageState, texts: Texts['answer']): string {
  if (answer.value || answer.busy || answer.problem) return '';
  if (model.busy || picture.busy) return '';
  if (model.value && picture.value) return '';
  if (model.value) return texts.waitsForPicture;
  return picture.value ? texts.waitsForWeights : texts.waitsForBoth;
}
