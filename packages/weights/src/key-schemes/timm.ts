import type { KeyScheme } from './key-scheme.ts';
import { isTorchvisionKey } from './torchvision.ts';

/** timm's names beyond torchvision's: deep stems (`conv1.0.weight`) and squeeze-and-excitation, which have no counterpart. */
export function timmScheme(): KeyScheme {
  return {
    name: 'timm',
    matches: (keys) =>
      keys.has('layer1.0.conv1.weight') && (keys.has('conv1.0.weight') || keys.has('layer1.0.se.fc1.weight')),
    toTorchvision: (key) => (isTorchvisionKey(key) ? key : undefined),
  };
}
