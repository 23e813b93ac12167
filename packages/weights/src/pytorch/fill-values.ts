import { PickleError } from './pickle-error.ts';
import { type PickleDict, PickleObject, type PickleValue } from './pickle-values.ts';
import type { StepBudget } from './step-budget.ts';

/**
 * Appends values to a list, or to the elements of an object whose class derives from one.
 *
 * @throws PickleError (`corrupt`) for any other target.
 */
export function append(values: readonly PickleValue[], target: PickleValue): void {
  if (target instanceof PickleObject) target.elements ??= [];
  const list = target instanceof PickleObject ? target.elements : target;
  if (!Array.isArray(list)) throw new PickleError('corrupt', 'expected a list to append to');
  for (const value of values) list.push(value);
}

/**
 * Puts keys and values, which alternate, into a dict, or into the pairs of an object whose class derives from one.
 *
 * @throws PickleError (`corrupt`) for any other target, and for a key without a value.
 */
export function setItems(items: readonly PickleValue[], target: PickleValue): void {
  if (target instanceof PickleObject) target.pairs ??= new Map();
  const dict = target instanceof PickleObject ? target.pairs : target;
  if (!(dict instanceof Map) || items.length % 2 !== 0) {
    throw new PickleError('corrupt', 'expected a dict and its pairs');
  }
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
}

/** A dict of keys and values that alternate. @throws PickleError (`corrupt`) for a key without a value. */
export function dictOf(items: readonly PickleValue[]): PickleDict {
  const dict: PickleDict = new Map();
  setItems(items, dict);
  return dict;
}

/**
 * Gives an object its state; of a class with slots that is `(attributes, slots)`, which become one dict. The state of
 * other values, such as a state dict's `_metadata`, is dropped: it is no data.
 */
export function setState(state: PickleValue, target: PickleValue, budget: StepBudget): void {
  if (!(target instanceof PickleObject)) return;
  const [attributes, slots] = Array.isArray(state) && state.length === 2 ? state : [];
  if (!(slots instanceof Map)) target.state = state;
  else if (attributes instanceof Map) {
    budget.spend(attributes.size + slots.size);
    target.state = new Map([...attributes, ...slots]);
  } else target.state = slots;
}
