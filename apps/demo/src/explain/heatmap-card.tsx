import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { useTexts } from '../language/language.ts';
import { SlotOutput } from '../status.tsx';
import { HeatmapCanvas } from './heatmap-canvas.tsx';
import { LayerChoice } from './layer-choice.tsx';
import type { ChangeablePlace } from './place.ts';
import { useAsked } from './use-asked.ts';

const LIKELIEST = '';

/** Grad-CAM over the crop that the network sees. */
export function HeatmapCard(place: ChangeablePlace): VNode {
  const texts = useTexts().explain;
  const { model, layer, actions, cause } = place;
  const [target, setTarget] = useState(LIKELIEST);
  const [opacity, setOpacity] = useState(0.5);
  const isKnown = target !== LIKELIEST && Number(target) < model.labels.length;
  const index = isKnown ? Number(target) : undefined;
  const slot = useAsked(actions, 'explain', { target: index, layer }, [cause, layer, index ?? LIKELIEST]);
  const { value } = slot;
  return (
    <section class="card" aria-labelledby="heatmap-heading">
      <h2 id="heatmap-heading">{texts.heatmap}</h2>
      <div class="controls">
        <span class="field">
          <label for="heatmap-class">{texts.class}</label>
          <select
            id="heatmap-class"
            value={isKnown ? target : LIKELIEST}
            onChange={({ currentTarget }) => setTarget(currentTarget.value)}
          >
            <option value={LIKELIEST}>{texts.likeliest}</option>
            {model.labels.map((label, at) => (
              <option key={label} value={String(at)} lang="en">
                {label}
              </option>
            ))}
          </select>
        </span>
        <LayerChoice id="heatmap-layer" {...place} />
        <span class="field">
          <label for="heatmap-opacity">{texts.opacity}</label>
          <input
            id="heatmap-opacity"
            type="range"
            min="0"
            max="1"
            step="0.05"
            value={opacity}
            onInput={({ currentTarget }) => setOpacity(Number(currentTarget.value))}
          />
        </span>
      </div>
      <HeatmapCanvas {...(value && { explanation: value })} opacity={opacity} />
      <SlotOutput id="heatmap-output" slot={slot} actions={actions} live>
        {value && (
          <p>{texts.seen(value.target.label ?? '', (100 * value.target.score).toFixed(1), value.layer ?? '')}</p>
        )}
      </SlotOutput>
      <p class="minor">{texts.heatmapNote}</p>
    </section>
  );
}
