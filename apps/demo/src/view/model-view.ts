import type { LoadedModel } from '../worker/protocol.ts';
import { element } from './element.ts';
import { slotView, type View } from './view.ts';

/** The model that serves and how its weights fitted; without one, what to do. */
export const modelView: View = slotView('model', ({ model: { value } }) => (value ? describe(value) : [howTo()]));

function describe(model: LoadedModel): Node[] {
  const { recognised, file, format, tensorCount, parameterCount, classCount, cropPx } = model;
  const millions = (parameterCount / 1e6).toFixed(parameterCount < 1e7 ? 2 : 1);
  const told = recognised ? ', told by the weights' : '';
  const lines = [
    element(
      'p',
      '',
      element('b', '', model.model),
      `${told}: ${millions} M parameters, ${count(classCount, 'class', 'classes')}, pictures of ${cropPx} × ${cropPx}.`,
    ),
    element('p', 'minor', `${file} (${format}): ${count(tensorCount, 'tensor', 'tensors')}, ${fit(model)}.`),
  ];
  if (model.notes.length > 0) lines.push(element('p', 'minor', `Taken care of: ${model.notes.join('; ')}.`));
  for (const warning of model.warnings) {
    const note = element('p', 'warning', warning);
    note.setAttribute('role', 'alert');
    lines.push(note);
  }
  return lines;
}

function fit({ missing, unexpected }: LoadedModel): string {
  if (missing.length + unexpected.length === 0) return 'all fit, none missing';
  return `${missing.length} missing, ${unexpected.length} not used`;
}

function count(number: number, one: string, many: string): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}

function howTo(): Node {
  const example = "torch.save(torchvision.models.resnet18(weights='DEFAULT').state_dict(), 'resnet18.pth')";
  return element(
    'div',
    'how-to',
    element(
      'p',
      '',
      'Choose or drop a file of ResNet weights: .pth, .pt, .th or .safetensors, from torchvision, timm, Hugging Face or your own training. From PyTorch:',
    ),
    element('pre', '', element('code', '', example)),
  );
}
