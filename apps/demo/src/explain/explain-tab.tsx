import type { MapEndpoint } from '@residual/resnet';
import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import type { TabProps } from '../app.tsx';
import { useTexts } from '../language/language.ts';
import { FeatureMaps } from './feature-maps.tsx';
import { HeatmapCard } from './heatmap-card.tsx';
import { NetworkDrawing } from './network-drawing.tsx';

/** What the network saw: where, in which channels, and block by block what it is made of. */
export function ExplainTab({ state, actions, isShown }: TabProps): VNode {
  const texts = useTexts().explain;
  const { model, picture, answer } = state;
  const [chosenLayer, setLayer] = useState<MapEndpoint>();
  const layers = model.value?.layers ?? [];
  const layer = chosenLayer !== undefined && layers.includes(chosenLayer) ? chosenLayer : layers.at(-1);
  if (!model.value || layer === undefined) return <p class="card">{texts.waitsForWeights}</p>;
  // Another model, picture or run has another answer.
  const cause = isShown ? answer.value : undefined;
  const place = { model: model.value, layer, actions, cause };
  return (
    <div class="explain">
      {picture.value ? (
        <>
          <HeatmapCard {...place} setLayer={setLayer} />
          <FeatureMaps {...place} setLayer={setLayer} />
        </>
      ) : (
        <p class="card">{texts.waitsForPicture}</p>
      )}
      <NetworkDrawing {...place} cause={isShown ? model.value : undefined} />
    </div>
  );
}
