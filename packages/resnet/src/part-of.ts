import { torchvisionNames } from './model-names.ts';
import type { ResNet } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

/** How a network's blocks are called, in order: `layer1.0`, `layer1.1`, …. */
export function blockPaths({ depths, names = torchvisionNames }: ResNetSpec): readonly string[] {
  return depths.flatMap((depth, stage) => Array.from({ length: depth }, (_, index) => names.block(stage, index)));
}

/**
 * The part of a network that a layer or a variable called `path` is of: `stem`, a block (`layer1.0`) or the head (`fc`), with
 * a norm and a pooling before it.
 */
export function partOf({ spec, headPath, variableSpecs }: ResNet, path: string): string {
  const isBelow = (name: string, part: string): boolean => name === part || name.startsWith(`${part}.`);
  const paths = blockPaths(spec);
  const block = paths.find((part) => isBelow(path, part));
  if (block !== undefined) return block;
  const fromEnd = [...variableSpecs.keys()].reverse();
  const afterBlocks = fromEnd.slice(
    0,
    fromEnd.findIndex((name) => isBelow(name, paths.at(-1)!)),
  );
  return afterBlocks.some((name) => isBelow(name, path)) ? headPath : 'stem';
}
