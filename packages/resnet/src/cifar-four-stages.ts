import {
  BasicBlock,
  type BlockType,
  Bottleneck,
  preActivationBasicBlock,
  preActivationBottleneck,
  usualPreActivationNames,
} from '@residual/blocks';
import { preActivationCifarStem } from './pre-activation-stem.ts';
import { ResNet, type ResNetOptions } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';
import { cifarMaxPoolStem, cifarStem } from './stem.ts';

// ImageNet's four stages over pictures of 32², as pytorch-cifar has them: a 3×3 stem at full size.

/** Depths of each stage by the number of layers, and whether blocks are bottlenecks. @see He et al. 2015, table 1 */
const shapes: Readonly<Record<number, { readonly depths: readonly number[]; readonly isBottleneck: boolean }>> = {
  18: { depths: [2, 2, 2, 2], isBottleneck: false },
  34: { depths: [3, 4, 6, 3], isBottleneck: false },
  50: { depths: [3, 4, 6, 3], isBottleneck: true },
  101: { depths: [3, 4, 23, 3], isBottleneck: true },
  152: { depths: [3, 8, 36, 3], isBottleneck: true },
};

/** Layers of the nets that there are. */
export type FourStageDepth = 18 | 34 | 50 | 101 | 152;

/** kuangliu's `ResNet18` … `ResNet152`, under torchvision's names. @see https://github.com/kuangliu/pytorch-cifar/blob/master/models/resnet.py */
export function cifarFourStageSpec(depth: FourStageDepth): ResNetSpec {
  const { depths, isBottleneck } = shapes[depth]!;
  const block = isBottleneck ? Bottleneck : BasicBlock;
  return { name: `cifar_resnet${depth}`, stem: cifarStem, block, depths, numClasses: 10 };
}

/**
 * huyvnphan's `resnet18` … `resnet50`: the same tensors as kuangliu's, with torchvision's max pooling behind the 3×3 stem.
 *
 * @see https://github.com/huyvnphan/PyTorch_CIFAR10/blob/master/cifar10_models/resnet.py
 */
export function cifarMaxPoolSpec(depth: FourStageDepth): ResNetSpec {
  const name = `cifar_resnet${depth}_maxpool`;
  return { ...cifarFourStageSpec(depth), name, onlyByName: true, stem: cifarMaxPoolStem };
}

/**
 * kuangliu's `PreActResNet18` … `PreActResNet152`, whose blocks normalise first; after the last there is no norm.
 *
 * @see https://github.com/kuangliu/pytorch-cifar/blob/master/models/preact_resnet.py
 */
export function cifarPreActivationSpec(depth: FourStageDepth): ResNetSpec {
  const { depths, isBottleneck } = shapes[depth]!;
  const makeBlock: (names: typeof usualPreActivationNames) => BlockType = isBottleneck
    ? preActivationBottleneck
    : preActivationBasicBlock;
  const block = makeBlock(usualPreActivationNames);
  return { name: `cifar_preact_resnet${depth}`, stem: preActivationCifarStem, block, depths, numClasses: 10 };
}

/** A four-stage net for pictures of 32². */
export function cifarFourStage(depth: FourStageDepth, options?: ResNetOptions): ResNet {
  return new ResNet(cifarFourStageSpec(depth), options);
}

/** The same with max pooling behind its stem. */
export function cifarMaxPool(depth: FourStageDepth, options?: ResNetOptions): ResNet {
  return new ResNet(cifarMaxPoolSpec(depth), options);
}

/** The same with blocks that normalise first. */
export function cifarPreActivation(depth: FourStageDepth, options?: ResNetOptions): ResNet {
  return new ResNet(cifarPreActivationSpec(depth), options);
}
