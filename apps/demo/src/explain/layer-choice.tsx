import type { MapEndpoint } from '@residual/resnet';
import type { VNode } from 'preact';
import { useTexts } from '../language/language.ts';
import type { ChangeablePlace } from './place.ts';

/** Which feature map is looked at. */
export function LayerChoice({ id, model, layer, setLayer }: { id: string } & ChangeablePlace): VNode {
  return (
    <span class="field">
      <label for={id}>{useTexts().explain.layer}</label>
      <select id={id} value={layer} onChange={({ currentTarget }) => setLayer(currentTarget.value as MapEndpoint)}>
        {model.layers.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </span>
  );
}
