import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { useTexts } from '../language/language.ts';
import type { Actions } from '../session/actions.ts';
import type { Answer, LoadedModel } from '../session/worker/protocol.ts';
import { SlotOutput } from '../status.tsx';
import { HeatmapCanvas } from './heatmap-canvas.tsx';
import { useAsked } from './use-asked.ts';

/** Nets of small pictures are explained at once: it costs them milliseconds. */
const AT_ONCE_PX = 64;
const OPACITY = 0.5;

/** Where the network sees the likeliest class, beside the answer. */
export function AnswerHeatmap(props: { model: LoadedModel; answer: Answer; actions: Actions }): VNode | null {
  const { model, answer, actions } = props;
  const texts = useTexts().explain;
  const [wanted, setWanted] = useState<Answer>();
  const layer = model.layers.at(-1);
  const isShown = layer !== undefined && (model.cropPx <= AT_ONCE_PX || wanted === answer);
  const slot = useAsked(actions, 'explain', { target: undefined, layer: layer! }, [isShown ? answer : undefined]);
  if (layer === undefined) return null;
  if (!isShown)
    return (
      <button type="button" id="answer-where" onClick={() => setWanted(answer)}>
        {texts.heatmap}
      </button>
    );
  const { value } = slot;
  return (
    <div class="where">
      <HeatmapCanvas {...(value && { explanation: value })} opacity={OPACITY} />
      <SlotOutput id="answer-where-output" slot={slot} actions={actions} live>
        {value && (
          <p class="minor">
            {texts.seen(value.target.label ?? '', (100 * value.target.score).toFixed(1), value.layer ?? '')}{' '}
            <a href="#explain">{texts.more}</a>
          </p>
        )}
      </SlotOutput>
    </div>
  );
}
