import { element } from './element.ts';
import { slotView, type View } from './view.ts';

/** Which backend serves, and why those before it don't. */
export const deviceView: View = slotView('device', ({ device: { value } }) => {
  if (!value) return [];
  const { info, passedOver } = value.device;
  const lines = [
    element('p', '', 'Computes with ', element('b', '', `${info.name} ${info.version}`), ` on ${info.runsOn}.`),
  ];
  for (const { name, reason } of passedOver) lines.push(element('p', 'minor', `${name} was passed over: ${reason}.`));
  return lines;
});
