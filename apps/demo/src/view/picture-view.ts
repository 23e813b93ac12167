import { byId } from './by-id.ts';
import { element } from './element.ts';
import { slotView, type View } from './view.ts';

/** The picture in its drop area. */
export const pictureView: View = (actions) => {
  const image = byId<HTMLImageElement>('picture-image');
  const drop = byId('picture-drop');
  const choose = byId('picture-choose');
  const hint = byId('picture-hint');
  const output = slotView('picture', ({ picture: { value } }) =>
    value ? [element('p', 'minor', `${value.name}, ${value.width} × ${value.height} pixels`)] : [],
  )(actions);
  return (state) => {
    const { value } = state.picture;
    image.hidden = !value;
    drop.classList.toggle('filled', value !== undefined);
    choose.textContent = value ? 'Choose another' : 'Choose a picture';
    hint.textContent = value ? ', or drop or paste one.' : ', or drop or paste one anywhere on the page.';
    if (value && image.src !== value.url) {
      image.src = value.url;
      image.alt = `Your picture ${value.name}`;
    }
    if (!value) image.removeAttribute('src');
    output(state);
  };
};
