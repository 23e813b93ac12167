import type { BlockOptions } from './block.ts';
import { convolutionShortcut, makeShortcut, type Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** How the variables of a block that normalises first are called. */
export interface PreActivationNames {
  /** Before the number of a norm: `norm1` of timm, `bn1` of others. */
  readonly norm: 'norm' | 'bn';
  /** The convolution of the shortcut. */
  readonly shortcut: string;
}

/** @see timm `resnetv2.py` */
export const timmPreActivationNames: PreActivationNames = { norm: 'norm', shortcut: 'downsample.conv' };

/** torchvision's way of naming. @see https://github.com/kuangliu/pytorch-cifar/blob/master/models/preact_resnet.py */
export const usualPreActivationNames: PreActivationNames = { norm: 'bn', shortcut: 'downsample.0' };

/**
 * The shortcut of what is normalised and activated, where the shapes differ; where they agree, `undefined`: the input itself
 * goes past.
 */
export function makePreActivationShortcut(
  vars: VarScope,
  options: BlockOptions,
  outChannels: number,
  name: string,
): Shortcut | undefined {
  if ((options.stride ?? 1) === 1 && options.inChannels === outChannels) return undefined;
  return makeShortcut(vars, { shortcut: convolutionShortcut(name), ...options, outChannels });
}
