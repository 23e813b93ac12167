import * as tf from '@tensorflow/tfjs-core';
import { fromTorch, torchShape, toTorch } from './layout.ts';
import type { HostTensor, StateDict } from './state-dict.ts';
import { StateDictError } from './state-dict-error.ts';
import type { VarEntry, VarScope, VarSource, VarSpec } from './var-scope.ts';

/** How a state dict and a model fit; all empty where each fits the other. Shapes are PyTorch's. */
export interface LoadReport {
  /** Variables of the model that the dict lacks. */
  readonly missing: readonly string[];
  /** Tensors of the dict that the model has no place for (`num_batches_tracked` aside, which nothing uses). */
  readonly unexpected: readonly string[];
  readonly mismatched: readonly { name: string; expected: readonly number[]; got: readonly number[] }[];
}

/**
 * Variables with the values of a state dict. What the dict lacks, or has in another shape, comes from `otherwise`
 * (fine-tuning with another head); without it nothing may be missing or left over.
 *
 * Build a model from `source`, then read `report`.
 */
export class StateDictVars {
  readonly source: VarSource;
  readonly #dict: StateDict;
  readonly #specs = new Map<string, VarSpec>();

  constructor(dict: StateDict, { otherwise }: { otherwise?: VarSource } = {}) {
    this.#dict = dict;
    this.source = (path, spec) => {
      this.#specs.set(path, spec);
      const found = dict.get(path);
      if (found && hasShape(found, spec)) return tf.tidy(() => tf.variable(toTensor(found, spec), spec.trainable));
      if (otherwise) return otherwise(path, spec);
      // `assertFits` names what else is wrong too; until then the place is held, so that the model can be built.
      return tf.tidy(() => tf.variable(spec.initializer(spec.shape, 0), spec.trainable));
    };
  }

  /** Of the variables asked for so far. */
  get report(): LoadReport {
    return compare(this.#dict, this.#specs);
  }
}

/** How `dict`, of which the shapes are enough, and the variables of a model fit. */
export function compare(
  dict: ReadonlyMap<string, Pick<HostTensor, 'shape'>>,
  specs: ReadonlyMap<string, VarSpec>,
): LoadReport {
  const missing: string[] = [];
  const mismatched: { name: string; expected: number[]; got: readonly number[] }[] = [];
  for (const [name, spec] of specs) {
    const found = dict.get(name);
    if (!found) missing.push(name);
    else if (!hasShape(found, spec))
      mismatched.push({ name, expected: torchShape(spec.layout, spec.shape), got: found.shape });
  }
  const unexpected = [...dict.keys()].filter((name) => !specs.has(name) && !name.endsWith('num_batches_tracked'));
  return { missing, unexpected, mismatched };
}

/** @throws StateDictError where the report is not empty. */
export function assertFits(report: LoadReport): void {
  if (report.missing.length + report.unexpected.length + report.mismatched.length > 0) throw new StateDictError(report);
}

/**
 * Copies into a model's variables what fits of `dict`.
 *
 * @throws StateDictError where `strict` and anything is missing, left over or of another shape; then nothing is changed.
 */
export function loadStateDict(
  scope: VarScope,
  dict: StateDict,
  { strict = true }: { strict?: boolean } = {},
): LoadReport {
  const report = compare(dict, scope.specs);
  if (strict) assertFits(report);
  for (const [name, { tensor: target, spec }] of scope.entries) {
    const found = dict.get(name);
    if (!found || !hasShape(found, spec) || !(target instanceof tf.Variable)) continue;
    const value = toTensor(found, spec);
    target.assign(value);
    tf.dispose(value);
  }
  return report;
}

/** The values of a model's variables in PyTorch's names and layout. */
export async function stateDictOf(entries: ReadonlyMap<string, VarEntry>): Promise<Map<string, HostTensor>> {
  const dict = new Map<string, HostTensor>();
  for (const [name, { tensor: value, spec }] of entries)
    dict.set(name, toTorch(spec.layout, spec.shape, (await value.data()) as Float32Array));
  return dict;
}

function hasShape(found: Pick<HostTensor, 'shape'>, spec: VarSpec): boolean {
  const expected = torchShape(spec.layout, spec.shape);
  return found.shape.length === expected.length && expected.every((size, axis) => size === found.shape[axis]);
}

function toTensor(found: HostTensor, spec: VarSpec): tf.Tensor {
  return tf.tensor(fromTorch(spec.layout, found), spec.shape, 'float32');
}
