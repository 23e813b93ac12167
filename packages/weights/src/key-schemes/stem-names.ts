import type { TensorEntry } from '../weights-index.ts';
import { moduleOf, naturalOrder } from './modules.ts';

/** Children of a network that its stem may consist of; what a number says is told by order. */
export const stemChildren: RegExp =
  /^((conv|bn|gn|norm|batch_norm)[1-3]|stem|layer0|embedder|conv_?stem|pre|prep|initial|input_layer|init_conv|root)$/;

/**
 * torchvision's and timm's names of a stem's modules, by their order: a convolution and its norm are `conv1` and `bn1`;
 * three and three are `conv1.0`, `conv1.1`, `conv1.3`, `conv1.4`, `conv1.6` and `bn1`; a convolution alone is `conv1`.
 * `undefined` for any other stem, and for one that has those names already.
 */
export function stemNames(stem: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, string> | undefined {
  if (stem.size > 64 || stem.has('conv1.3.weight')) return undefined;
  const convolutions = new Map<string, number>(); // module → output channels
  const norms = new Map<string, number>();
  for (const [name, { shape }] of stem) {
    if (!/\.(weight|weight_orig|weight_v|running_mean)$/.test(name)) continue;
    if (shape.length === 4) convolutions.set(moduleOf(name), shape[0]!);
    else if (shape.length === 1) norms.set(moduleOf(name), shape[0]!);
  }
  const from = [...convolutions.keys()].sort(naturalOrder);
  const after = [...norms.keys()].sort(naturalOrder);
  const isDeep = from.length === 3;
  if ((from.length !== 1 && !isDeep) || (after.length > 0 && after.length !== from.length)) return undefined;
  if (isDeep && after.length === 0) return undefined;
  if (after.some((norm, index) => norms.get(norm) !== convolutions.get(from[index]!))) return undefined;
  const to = isDeep ? ['conv1.0', 'conv1.3', 'conv1.6', 'conv1.1', 'conv1.4', 'bn1'] : ['conv1', 'bn1'];
  return new Map([...from, ...after].map((module, index) => [module, to[index]!]));
}
