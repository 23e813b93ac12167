import type { KeyScheme } from './key-scheme.ts';
import { isTorchvisionKey } from './torchvision.ts';

/**
 * The CIFAR ResNets of akamaster/pytorch_resnet_cifar10: three stages, and `linear` for `fc`.
 *
 * @see https://github.com/akamaster/pytorch_resnet_cifar10/blob/master/resnet.py
 */
export function akamasterScheme(): KeyScheme {
  return {
    name: 'akamaster',
    matches: (keys) =>
      keys.has('layer1.0.conv1.weight') && keys.has('linear.weight') && !keys.has('layer4.0.conv1.weight'),
    toTorchvision: (key) => {
      if (key === 'linear.weight' || key === 'linear.bias') return key.replace('linear', 'fc');
      return isTorchvisionKey(key) ? key : undefined;
    },
  };
}
