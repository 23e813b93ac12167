import { compare, type LoadReport, type StateDict } from '@residual/blocks';
import type { ResNetSpec } from '@residual/resnet';
import { type DictDescription, describeDict } from '@residual/weights';
import { variableSpecs } from './variable-specs.ts';
import { WeightsMismatchError } from './weights-mismatch-error.ts';

/** What is settled about weights before anything is built of them. */
export interface CheckedWeights {
  /** Rows of the head in the weights, which the model takes over. */
  readonly numClasses: number;
  readonly report: LoadReport;
}

/**
 * Compares weights with a variant by names and shapes alone; nothing is allocated. The number of classes is the weights'.
 *
 * @throws WeightsMismatchError, which says which variant would fit.
 */
export async function checkWeights(dict: StateDict, spec: ResNetSpec, source: string): Promise<CheckedWeights> {
  const numClasses = dict.get('fc.weight')?.shape[0] ?? spec.numClasses ?? 1000;
  const report = compare(dict, variableSpecs(spec, { numClasses }));
  if (isEmpty(report)) return { numClasses, report };

  const fits = await fittingVariants(dict, numClasses);
  const description = describeDict(dict);
  const problem =
    fits.length > 0
      ? `these weights are ${fits[0]}'s (${numClasses} classes), not ${spec.name}'s; choose the model ${fits[0]}`
      : `these weights are not ${spec.name}'s, nor another known variant's: ${firstDifferences(report)}${hint(description)}`;
  throw new WeightsMismatchError({ source, model: spec.name, fits, report, problem });
}

/** In the order of the table of variants; those that differ only in what has no weights (plain20, resnet20) all fit. */
async function fittingVariants(dict: StateDict, numClasses: number): Promise<string[]> {
  const { modelSpecs } = await import('@residual/resnet/registry');
  return [...modelSpecs().values()]
    .filter((spec) => isEmpty(compare(dict, variableSpecs(spec, { numClasses }))))
    .map(({ name }) => name);
}

function isEmpty({ missing, unexpected, mismatched }: LoadReport): boolean {
  return missing.length + unexpected.length + mismatched.length === 0;
}

function firstDifferences({ mismatched, missing, unexpected }: LoadReport): string {
  const parts: string[] = [];
  const first = mismatched[0];
  if (first) {
    const shapes = `${first.name}: expected [${first.expected.join(', ')}], got [${first.got.join(', ')}]`;
    parts.push(`${shapes}${andMore(mismatched.length)}`);
  }
  if (missing[0] !== undefined) parts.push(`missing ${missing[0]}${andMore(missing.length)}`);
  if (unexpected[0] !== undefined) parts.push(`unexpected ${unexpected[0]}${andMore(unexpected.length)}`);
  return parts.join('; ');
}

function andMore(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : '';
}

function hint(description: DictDescription | undefined): string {
  if (!description) return '; expected the state dict of a ResNet';
  const { block, depths, widths, stemKernelSize } = description;
  const stem = `${stemKernelSize}×${stemKernelSize} stem`;
  return `; they describe ${stem}, ${block} blocks [${depths.join(', ')}] of [${widths.join(', ')}] channels`;
}
