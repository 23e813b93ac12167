import type { KeyScheme } from './key-scheme.ts';

/** torchvision's own names, which timm's plain ResNets share: `layer1.0.conv1.weight`. */
export function torchvisionScheme(): KeyScheme {
  return {
    name: 'torchvision',
    matches: (keys) => keys.has('conv1.weight') && keys.has('bn1.weight') && keys.has('layer1.0.conv1.weight'),
    toTorchvision: (key) => (isTorchvisionKey(key) ? key : undefined),
  };
}

/** Whether a ResNet of torchvision's has a parameter of this name. */
export function isTorchvisionKey(key: string): boolean {
  const norm = '(weight|bias|running_mean|running_var|num_batches_tracked)';
  const inBlock = `(conv[123]\\.weight|bn[123]\\.${norm}|downsample\\.0\\.weight|downsample\\.1\\.${norm})`;
  return new RegExp(`^(conv1\\.weight|bn1\\.${norm}|layer[1-4]\\.\\d+\\.${inBlock}|fc\\.(weight|bias))$`).test(key);
}
