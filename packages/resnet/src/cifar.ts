import { BasicBlock, PlainBasicBlock, paddingShortcut, projectionShortcut } from '@residual/blocks';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { cifarStem } from './stem.ts';

/** The shortcut where shapes differ: zero padding without parameters (`A`, the paper's for CIFAR) or a projection (`B`). */
export type ShortcutOption = 'A' | 'B';

export interface CifarResNetOptions extends ResNetOptions {
  /** Default `A`. */
  readonly shortcut?: ShortcutOption;
}

/**
 * The spec of the CIFAR-10 net of 6n + 2 layers: three stages of n blocks with 16, 32 and 64 channels.
 *
 * @throws RangeError where `depth` is not 6n + 2.
 * @see He et al. 2015, section 4.2
 */
export function cifarResNetSpec(depth: number, shortcut: ShortcutOption = 'A'): ResNetSpec {
  const name = `resnet${depth}${shortcut === 'B' ? '_b' : ''}`;
  return { ...cifarSpec(name, depth), shortcut: shortcut === 'A' ? paddingShortcut : projectionShortcut };
}

/** The same net without shortcuts: what degrades with depth. @throws RangeError where `depth` is not 6n + 2. */
export function cifarPlainSpec(depth: number): ResNetSpec {
  return { ...cifarSpec(`plain${depth}`, depth), block: PlainBasicBlock };
}

/**
 * The spec of a CIFAR net by its name: `resnet1202`, `resnet14_b` with projections, `plain14` without shortcuts; `undefined` for
 * any other name, and for a depth that is not 6n + 2, or of more than four digits.
 */
export function cifarSpecOf(name: string): ResNetSpec | undefined {
  const [, kind, digits, projects] = /^(resnet|plain)([1-9]\d{0,3})(_b)?$/.exec(name) ?? [];
  const depth = Number(digits);
  if (kind === undefined || depth < 8 || (depth - 2) % 6 !== 0 || (kind === 'plain' && projects)) return undefined;
  return kind === 'plain' ? cifarPlainSpec(depth) : cifarResNetSpec(depth, projects ? 'B' : 'A');
}

/**
 * Fourteen layers with projections and twice the channels (32, 64 and 128): fewer and wider layers, which a CPU trains faster than
 * as many parameters in narrow ones.
 *
 * @see Zagoruyko & Komodakis 2016, arXiv:1605.07146; there the projections count as layers, and the blocks normalise first
 */
export const wide_resnet14_2Spec: ResNetSpec = {
  name: 'wide_resnet14_2',
  block: BasicBlock,
  depths: [2, 2, 2],
  width: 32,
  stem: cifarStem,
  numClasses: 10,
};

/** A CIFAR ResNet of any depth 6n + 2. @throws RangeError for another depth. */
export function cifarResNet(depth: number, { shortcut, ...options }: CifarResNetOptions = {}): ResNet {
  return new ResNet(cifarResNetSpec(depth, shortcut), options);
}

/** Its plain twin. @throws RangeError for a depth that is not 6n + 2. */
export function cifarPlain(depth: number, options?: ResNetOptions): ResNet {
  return new ResNet(cifarPlainSpec(depth), options);
}

/** Its spec says what it is. */
export function wide_resnet14_2(options?: ResNetOptions): ResNet {
  return new ResNet(wide_resnet14_2Spec, options);
}

function cifarSpec(name: string, depth: number): ResNetSpec {
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1)
    throw new RangeError(`a CIFAR ResNet has 6n + 2 layers (20, 32, 44, 56, 110, …), got ${depth}`);
  const depths = [blocks, blocks, blocks];
  return { name, block: BasicBlock, depths, width: 16, stem: cifarStem, numClasses: 10 };
}
