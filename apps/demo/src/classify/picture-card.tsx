import type { VNode } from 'preact';
import { useTexts } from '../language/language.ts';
import { SlotOutput } from '../status.tsx';
import type { Actions } from './actions.ts';
import { FileInput } from './file-input.tsx';
import type { PageState } from './state.ts';

/** The picture in its drop area. */
export function PictureCard({ state, actions }: { state: PageState; actions: Actions }): VNode {
  const texts = useTexts().picture;
  const { value } = state.picture;
  return (
    <section class="card picture" aria-labelledby="picture-heading">
      <h2 id="picture-heading">{texts.heading}</h2>
      <label for="picture-file" class={`drop${value ? ' filled' : ''}`}>
        <FileInput id="picture-file" accept="image/*" open={(file) => void actions.openPicture(file)} />
        {value && <img src={value.url} alt={texts.yours(value.name)} />}
        <span class="hint">
          <b>{value ? texts.another : texts.choose}</b>
          {value ? texts.orDrop : texts.anywhere}
        </span>
      </label>
      <SlotOutput id="picture-output" slot={state.picture} actions={actions}>
        {value && <p class="minor">{texts.size(value.name, value.width, value.height)}</p>}
      </SlotOutput>
    </section>
  );
}
