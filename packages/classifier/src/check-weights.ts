import { compare, type LoadReport, type StateDict, torchShape } from '@residual/blocks';
import type { ResNetSpec } from '@residual/resnet';
import { describeDict } from '@residual/weights';
import { variableSpecs } from './variable-specs.ts';
import { WeightsMismatchError } from './weights-mismatch-error.ts';

/** What is settled about weights before anything is built of them. */
export interface CheckedWeights {
  /** Rows of the head in the weights, which the model takes over. */
  readonly numClasses: number;
  /** Channels of the pictures that the weights take. */
  readonly inChannels: number;
  readonly report: LoadReport;
}

/**
 * Compares weights with a variant by names and shapes alone; nothing is allocated. The number of classes is the weights'.
 *
 * @throws WeightsMismatchError, which says which variant would fit.
 */
export async function checkWeights(dict: StateDict, spec: ResNetSpec, source: string): Promise<CheckedWeights> {
  const numClasses = numClassesOf(dict, spec);
  const inChannels = inChannelsOf(dict, spec);
  const report = compare(dict, variableSpecs(spec, { numClasses, inChannels }));
  if (differences(report) === 0) return { numClasses, inChannels, report };

  const ranked = await rankVariants(dict);
  const fits = ranked.filter(({ count }) => count === 0).map(({ name }) => name);
  const problem =
    fits[0] === undefined
      ? noFit(dict, spec, report, ranked[0]!)
      : `these weights are ${fits[0]}'s (${numClasses} classes), not ${spec.name}'s; choose the model ${fits[0]}`;
  throw new WeightsMismatchError({ source, model: spec.name, fits, report, problem });
}

/** A variant, and how weights differ from it. */
export interface RankedVariant {
  readonly name: string;
  readonly report: LoadReport;
  /** Of differences. */
  readonly count: number;
}

function noFit(dict: StateDict, spec: ResNetSpec, report: LoadReport, nearest: RankedVariant): string {
  if (describeDict(dict) === undefined) {
    const names = [...dict.keys()].slice(0, 3).join(', ');
    return `expected the state dict of a ResNet, got tensors named ${names}; choose another file`;
  }
  if (differences(report) <= nearest.count)
    return `these weights do not fit ${spec.name}: ${firstDifferences(report)}; choose another file`;
  const other = `nearest to ${nearest.name}'s, which they do not fit either: ${firstDifferences(nearest.report)}`;
  return `these weights are not ${spec.name}'s, but ${other}; choose another file`;
}

/** Variants by how little the weights differ from them, in the table's order where alike (resnet20 before plain20, which has the same shapes). */
export async function rankVariants(dict: StateDict): Promise<RankedVariant[]> {
  const { modelSpecs } = await import('@residual/resnet/registry');
  return [...modelSpecs().values()]
    .map((spec) => {
      const size = { numClasses: numClassesOf(dict, spec), inChannels: inChannelsOf(dict, spec) };
      return { name: spec.name, report: compare(dict, variableSpecs(spec, size)) };
    })
    .map((variant) => ({ ...variant, count: differences(variant.report) }))
    .sort((a, b) => a.count - b.count);
}

/** A head without rows is none; compared with the usual one, it is reported. */
function numClassesOf(dict: StateDict, spec: ResNetSpec): number {
  return dict.get('fc.weight')?.shape[0] || (spec.numClasses ?? 1000);
}

/** 3, unless a first convolution that is the variant's but for its channels says otherwise. */
function inChannelsOf(dict: StateDict, spec: ResNetSpec): number {
  const { layout, shape } = variableSpecs(spec, {}).get('conv1.weight')!.spec;
  const expected = torchShape(layout, shape);
  const found = dict.get('conv1.weight')?.shape ?? [];
  const fits = found.length === 4 && expected.every((size, axis) => axis === 1 || size === found[axis]);
  return fits && found[1]! > 0 ? found[1]! : 3;
}

function differences({ missing, unexpected, mismatched }: LoadReport): number {
  return missing.length + unexpected.length + mismatched.length;
}

function firstDifferences({ mismatched, missing, unexpected }: LoadReport): string {
  const parts: string[] = [];
  const first = mismatched[0];
  if (first) {
    const layout = first.expected.length === 4 ? ', convolution weights being read as OIHW' : '';
    const shapes = `expected [${first.expected.join(', ')}], got [${first.got.join(', ')}]`;
    parts.push(`${first.name}: ${shapes}${layout}${andMore(mismatched.length)}`);
  }
  if (missing[0] !== undefined) parts.push(`expected ${missing[0]}, got none${andMore(missing.length)}`);
  if (unexpected[0] !== undefined) parts.push(`unexpected ${unexpected[0]}${andMore(unexpected.length)}`);
  return parts.join('; ');
}

function andMore(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : '';
}
