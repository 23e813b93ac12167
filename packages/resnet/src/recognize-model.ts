import type { TorchShapes } from './describe-head.ts';
import { fitModel, type ModelFit } from './fit-model.ts';
import { torchvisionNames } from './model-names.ts';
import { modelSpecs } from './registry.ts';
import type { ResNetSpec } from './spec.ts';

export { findLookAlike } from './look-alikes.ts';

/**
 * Registered variants by how little tensors differ from them, by names and shapes, in the table's order where alike: resnet20
 * before plain20, whose tensors are the same. The first has `differences` 0 where the tensors are a variant's; else the
 * nearest comes first.
 */
export function recognizeModel(tensors: TorchShapes): readonly ModelFit[] {
  const modules = modulesOf(tensors);
  const specs = [...modelSpecs().values()];
  const likely = specs.filter((spec) => hasItsBlocks(modules, spec));
  const fits = rank(tensors, likely);
  return fits[0]?.differences === 0 ? fits : rank(tensors, specs);
}

function rank(tensors: TorchShapes, specs: readonly ResNetSpec[]): ModelFit[] {
  return specs.map((spec) => fitModel(tensors, spec)).sort((a, b) => a.differences - b.differences);
}

/** Whether there are as many blocks as the variant has in each stage; far cheaper than to compare all tensors. */
function hasItsBlocks(modules: ReadonlySet<string>, { depths, names = torchvisionNames }: ResNetSpec): boolean {
  return depths.every(
    (depth, stage) => modules.has(names.block(stage, depth - 1)) && !modules.has(names.block(stage, depth)),
  );
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
