import type { ModelFamily } from '../worker/protocol.ts';
import { byId } from './by-id.ts';
import { element } from './element.ts';
import type { View } from './view.ts';

/** The two choices, and the models that there are once the worker has said so. */
export const controlsView: View = () => {
  const models = byId<HTMLSelectElement>('model-name');
  const devices = byId<HTMLSelectElement>('device-name');
  let isFilled = false;
  return ({ device, chosenModel, chosenDevice }) => {
    if (device.value && !isFilled) {
      models.append(...device.value.families.map(optionGroup));
      isFilled = true;
    }
    models.value = chosenModel ?? '';
    devices.value = chosenDevice ?? '';
  };
};

function optionGroup({ title, names }: ModelFamily): HTMLOptGroupElement {
  const group = element('optgroup', '', ...names.map((name) => element('option', '', name)));
  group.label = title;
  return group;
}
