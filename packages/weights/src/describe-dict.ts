import type { StateDict } from '@residual/blocks';

/** What the shapes of a state dict say about the network it is of. */
export interface DictDescription {
  readonly block: 'basic' | 'bottleneck';
  /** Blocks of each stage, `[3, 4, 6, 3]` for ResNet-50. */
  readonly depths: readonly number[];
  /** Output channels of each stage. */
  readonly widths: readonly number[];
  readonly inChannels: number;
  readonly stemKernelSize: number;
  /** Groups of the 3×3 convolutions; 1 for basic blocks. */
  readonly groups: number;
  /** torchvision's `width_per_group`; 64 for basic blocks. */
  readonly widthPerGroup: number;
  /** Whether shortcuts that change shape have weights (option B) or none (option A). */
  readonly shortcut: 'projection' | 'padding';
  /** Rows of the classifier, `null` without one. */
  readonly numClasses: number | null;
}

/** Describes a state dict under torchvision's names by its shapes; `undefined` where it is of no ResNet. */
export function describeDict(dict: StateDict): DictDescription | undefined {
  const stem = dict.get('conv1.weight')?.shape;
  if (stem?.length !== 4) return undefined;
  const depths = stageDepths(dict);
  if (depths.length === 0) return undefined;

  const isBottleneck = dict.has('layer1.0.conv3.weight');
  const lastConv = isBottleneck ? 'conv3' : 'conv2';
  const widths = depths.map((_, stage) => dict.get(`layer${stage + 1}.0.${lastConv}.weight`)?.shape[0] ?? 0);
  const [innerWidth, perGroup] = dict.get('layer1.0.conv2.weight')?.shape ?? [];
  if (innerWidth === undefined || !perGroup || widths.includes(0)) return undefined;
  return {
    block: isBottleneck ? 'bottleneck' : 'basic',
    depths,
    widths,
    inChannels: stem[1]!,
    stemKernelSize: stem[2]!,
    groups: isBottleneck ? innerWidth / perGroup : 1,
    widthPerGroup: isBottleneck ? (perGroup * 64 * 4) / widths[0]! : 64,
    shortcut: dict.has('layer2.0.downsample.0.weight') ? 'projection' : 'padding',
    numClasses: dict.get('fc.weight')?.shape[0] ?? null,
  };
}

function stageDepths(dict: StateDict): number[] {
  const depths: number[] = [];
  for (let stage = 1; dict.has(`layer${stage}.0.conv1.weight`); stage++) {
    let depth = 1;
    while (dict.has(`layer${stage}.${depth}.conv1.weight`)) depth++;
    depths.push(depth);
  }
  return depths;
}
