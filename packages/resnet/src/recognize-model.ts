import { shapesOnly, torchShape } from '@residual/blocks';
import { cifarSpecOf } from './cifar.ts';
import type { TorchShapes } from './describe-head.ts';
import { fitModel, type ModelFit } from './fit-model.ts';
import { type ModelNames, torchvisionNames } from './model-names.ts';
import { modelSpecs } from './registry.ts';
import { ResNet } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

export { findLookAlike } from './look-alikes.ts';

/** So many variants are compared tensor by tensor where none is the tensors'. */
const NEAREST = 16;

/**
 * Registered variants by how little tensors differ from them, by names and shapes, in the table's order where alike: resnet20
 * before plain20, whose tensors are the same. The first has `differences` 0 where the tensors are a variant's; else the
 * nearest comes first, of those whose blocks are nearest. Variants that are taken `onlyByName` are not among them.
 */
export function recognizeModel(tensors: TorchShapes): readonly ModelFit[] {
  const modules = modulesOf(tensors);
  const specs = [...modelSpecs().values(), ...cifarSpecsOf(modules)].filter(({ onlyByName = false }) => !onlyByName);
  const likely = specs.filter((spec) => blocksAstray(modules, spec) === 0 && firstBlocksAstray(tensors, spec) === 0);
  const fits = rank(tensors, likely);
  if (fits[0]?.differences === 0) return fits;
  const near = specs.map((spec) => ({
    spec,
    astray: firstBlocksAstray(tensors, spec),
    blocks: blocksAstray(modules, spec),
  }));
  near.sort((a, b) => a.astray - b.astray || a.blocks - b.blocks);
  return rank(
    tensors,
    near.slice(0, NEAREST).map(({ spec }) => spec),
  );
}

/** CIFAR nets of a depth that is not in the table, where there are three stages of as many blocks. */
function cifarSpecsOf(modules: ReadonlySet<string>): ResNetSpec[] {
  const [first, second, third, fourth] = [0, 1, 2, 3].map((stage) => countBlocks(modules, stage, torchvisionNames));
  if (first !== second || first !== third || fourth !== 0) return [];
  const depth = 6 * first! + 2;
  const names = [`resnet${depth}`, `resnet${depth}_b`, `plain${depth}`].filter((name) => !modelSpecs().has(name));
  return names.flatMap((name) => cifarSpecOf(name) ?? []);
}

function countBlocks(modules: ReadonlySet<string>, stage: number, names: ModelNames): number {
  let found = 0;
  while (modules.has(names.block(stage, found))) found++;
  return found;
}

function rank(tensors: TorchShapes, specs: readonly ResNetSpec[]): ModelFit[] {
  return specs.map((spec) => fitModel(tensors, spec)).sort((a, b) => a.differences - b.differences);
}

/** By how many blocks the tensors' stages differ from the variant's; far cheaper than to compare all tensors. */
function blocksAstray(modules: ReadonlySet<string>, { depths, names = torchvisionNames }: ResNetSpec): number {
  const astray = depths.map((depth, stage) => Math.abs(depth - countBlocks(modules, stage, names)));
  return astray.reduce((sum, blocks) => sum + blocks);
}

/** How many variables of the stem and of each stage's first block are not the tensors', running statistics aside; cheap too. */
function firstBlocksAstray(tensors: TorchShapes, spec: ResNetSpec): number {
  const small = new ResNet({ ...spec, depths: spec.depths.map(() => 1), numClasses: null }, { vars: shapesOnly });
  const astray = [...small.variableSpecs].filter(([name, { layout, shape, trainable }]) => {
    if (!trainable) return false;
    const found = tensors.get(name)?.shape;
    const isInput = name === small.inputWeight; // any channels
    return !torchShape(layout, shape).every((size, axis) => (isInput && axis === 1) || found?.[axis] === size);
  });
  return astray.length;
}

/** What stands before the dots of the tensors' names: `layer1`, `layer1.0`, `layer1.0.conv1`, …. */
function modulesOf(tensors: TorchShapes): ReadonlySet<string> {
  const modules = new Set<string>();
  for (const name of tensors.keys()) {
    for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
      const module = name.slice(0, dot);
      if (modules.has(module)) break;
      modules.add(module);
    }
  }
  return modules;
}
