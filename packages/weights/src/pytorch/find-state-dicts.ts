import { oneLine } from '../one-line.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import { describeValue, listKeys } from './describe-value.ts';
import { FactList } from './fact-list.ts';
import { asTensor, type FoundTensor, isUnreadTensor } from './found-tensor.ts';
import { isModule, ModuleReader } from './module-tree.ts';
import { type PickleDict, PickleObject, type PickleValue, TensorReference } from './pickle-values.ts';
import type { ScriptAttributes } from './script-code.ts';

/** The tensors that stand side by side under names, and where. */
export interface FoundStateDict {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, FoundTensor>;
}

/** What a pickle has of use. */
export interface FoundStateDicts {
  readonly dicts: readonly FoundStateDict[];
  readonly facts: ReadonlyMap<string, string | number | boolean>;
  readonly notes: readonly string[];
}

const maxDepth = 64;
const maxDicts = 2000;
const maxKeyLength = 100;

/**
 * Finds every state dict in what a pickle held, wherever it hangs, and whole modules, which are read as the state
 * dicts that they would give. Nothing is walked twice, so that what holds itself ends.
 *
 * @param script What the code of a TorchScript archive says of its classes.
 * @throws WeightsFormatError (`no-tensors`) with what was found instead; (`unsupported`) for a tensor among others that
 * a function makes that is not known.
 */
export function findStateDicts(source: string, root: PickleValue, script: ScriptAttributes): FoundStateDicts {
  const walk = new Walk(source, script);
  walk.run(root);
  const dicts = walk.chosen();
  if (dicts.length === 0) throw noTensors(source, root, walk.unnamedCount);
  for (const { path, unread } of dicts) {
    const [first] = unread;
    if (first === undefined) continue;
    const name = path === '' ? first[0] : `${path}.${first[0]}`;
    const text = `${oneLine(name, 200)}: expected a tensor that torch rebuilds from its numbers, got one that ${first[1]} makes, which is not run; save plain tensors: {name: tensor.detach().clone()}`;
    throw new WeightsFormatError('unsupported', source, text);
  }
  return { dicts, facts: walk.facts.values, notes: [...dicts.flatMap(noteOf), ...walk.notes()] };
}

interface Candidate extends FoundStateDict {
  readonly tensors: Map<string, FoundTensor>;
  /** Tensors that an unknown function makes, by name. */
  readonly unread: [name: string, by: string][];
  /** Keys of entries that are no tensors. */
  readonly leftOut: string[];
}

/** A place in the pickle; the path is written only where it is asked for. */
interface Place {
  readonly value: PickleValue;
  readonly parent: Place | undefined;
  /** The key in the parent; `undefined` for the content of an object, which is at the object's own path. */
  readonly key: string | undefined;
  readonly depth: number;
}

class Walk {
  readonly facts = new FactList();
  /** Tensors that stand in lists. */
  unnamedCount = 0;
  readonly #source: string;
  readonly #modules: ModuleReader;
  readonly #candidates: Candidate[] = [];
  readonly #seen = new Set<PickleValue>();
  readonly #stack: Place[] = [];
  readonly #optimizers: string[] = [];
  #optimizerTensors = 0;

  constructor(source: string, script: ScriptAttributes) {
    this.#source = source;
    this.#modules = new ModuleReader(source, this.facts, script);
  }

  run(root: PickleValue): void {
    this.#stack.push({ value: root, parent: undefined, key: undefined, depth: 0 });
    for (let place = this.#stack.pop(); place !== undefined; place = this.#stack.pop()) this.#visit(place);
  }

  /**
   * Dicts of two tensors or more, not all of single numbers (the best precision beside the weights); else the ones of
   * one tensor. Arrays of numbers beside dicts of torch's tensors are histories, not weights.
   */
  chosen(): readonly Candidate[] {
    const all = this.#candidates;
    const large = all.filter(({ tensors, unread }) => {
      return tensors.size + unread.length > 1 && tensors.size > 0 && [...tensors.values()].some(hasShape);
    });
    const torch = large.filter(({ tensors }) => [...tensors.values()].some((t) => t instanceof TensorReference));
    if (torch.length > 0) return torch;
    if (large.length > 0) return large;
    const single = all.filter(({ tensors }) => tensors.size > 0);
    return single.length > 0 ? single : all;
  }

  notes(): string[] {
    if (this.#optimizerTensors === 0) return [];
    const where = this.#optimizers.map((path) => oneLine(path, 60)).join(', ');
    return [`left out: ${this.#optimizerTensors} tensors of an optimiser's state (${where})`];
  }

  #visit(place: Place): void {
    const { value } = place;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      this.facts.add(() => pathOf(place), value);
    }
    const isContainer = Array.isArray(value) || value instanceof Map || value instanceof PickleObject;
    if (!isContainer || place.depth > maxDepth || this.#seen.has(value)) return;
    this.#seen.add(value);
    if (Array.isArray(value)) this.#visitList(place, value);
    else if (value instanceof Map) this.#visitDict(place, value);
    else this.#visitObject(place, value);
  }

  #visitList(place: Place, list: readonly PickleValue[]): void {
    const isHistory = list.length > 16 && list.every((value) => typeof value === 'number');
    if (isHistory) return;
    const pairs = list.filter(isNamedTensor);
    if (pairs.length > 1 && pairs.length === list.length) {
      this.#visitDict(place, new Map(pairs));
      return;
    }
    for (const value of list) if (asTensor(value) !== undefined) this.unnamedCount++;
    this.#pushAll(list.map((value, i) => ({ value, parent: place, key: String(i), depth: place.depth + 1 })));
  }

  #visitDict(place: Place, dict: PickleDict): void {
    const found: Candidate = { path: '', tensors: new Map(), unread: [], leftOut: [] };
    const isOptimizer = dict.has('state') && dict.has('param_groups');
    const children: Place[] = [];
    for (const [key, value] of dict) {
      const tensor = asTensor(value);
      if (typeof key === 'string' && tensor !== undefined) found.tensors.set(key, tensor);
      else if (typeof key === 'string' && isUnreadTensor(value)) found.unread.push([key, value.name]);
      else if (typeof key === 'string' && addPacked(found.tensors, key, value)) continue;
      else if (isOptimizer && key === 'state') this.#skipOptimizer(place, value);
      else if (typeof key === 'number' && isOptimizerState(value)) this.#skipOptimizer(place, value);
      else {
        if (typeof key === 'string') found.leftOut.push(key);
        const name = typeof key === 'string' || typeof key === 'number' ? String(key) : '?';
        children.push({ value, parent: place, key: name, depth: place.depth + 1 });
      }
    }
    this.#keep(found, place);
    this.#pushAll(children);
  }

  #visitObject(place: Place, object: PickleObject): void {
    // What an array consists of says nothing of the network.
    if (object.name.startsWith('numpy.')) return;
    const contents: PickleValue[] = [];
    if (isModule(object)) {
      const found: Candidate = { path: '', tensors: new Map(), unread: [], leftOut: [] };
      contents.push(this.#modules.collect(object, pathOf(place), found));
      this.#keep(found, place);
    } else {
      if (object.state !== undefined) contents.push(object.state);
      for (const arg of object.args) if (typeof arg === 'object' && arg !== null) contents.push(arg);
    }
    if (object.pairs !== undefined) contents.push(object.pairs);
    if (object.elements !== undefined) contents.push(object.elements);
    const { depth } = place;
    this.#pushAll(contents.map((value) => ({ value, parent: place, key: undefined, depth: depth + 1 })));
  }

  #keep(found: Candidate, place: Place): void {
    if (found.tensors.size + found.unread.length === 0) return;
    if (this.#candidates.length === maxDicts) {
      const text = `expected at most ${maxDicts} dicts of tensors, got more; save the state dict alone`;
      throw new WeightsFormatError('too-large', this.#source, text);
    }
    this.#candidates.push({ ...found, path: pathOf(place) });
  }

  #skipOptimizer(place: Place, value: PickleValue): void {
    const path = pathOf(place);
    const count = countTensors(value, this.#seen);
    if (count > 0 && this.#optimizers.at(-1) !== path && this.#optimizers.length < 4) this.#optimizers.push(path);
    this.#optimizerTensors += count;
  }

  /** In the pickle's order. */
  #pushAll(places: readonly Place[]): void {
    for (let i = places.length - 1; i >= 0; i--) this.#stack.push(places[i]!);
  }
}

function pathOf(place: Place): string {
  const keys: string[] = [];
  for (let at: Place | undefined = place; at !== undefined; at = at.parent) {
    if (at.key !== undefined) keys.push(at.key.slice(0, maxKeyLength));
  }
  return keys.reverse().join('.');
}

/** What `list(model.named_parameters())` and `list(state_dict.items())` have. */
function isNamedTensor(value: PickleValue): value is [string, PickleValue] {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && asTensor(value[1]!) !== undefined
  );
}

/** What `quantize_dynamic` keeps of a linear layer: `(weight, bias)` under one name. */
function addPacked(tensors: Map<string, FoundTensor>, key: string, value: PickleValue): boolean {
  const ending = '._packed_params';
  if (!key.endsWith(ending) || !Array.isArray(value)) return false;
  const [weight, bias] = value;
  if (!(weight instanceof TensorReference)) return false;
  const layer = key.slice(0, -ending.length).replace(/\._packed_params$/, '');
  tensors.set(`${layer}.weight`, weight);
  if (bias instanceof TensorReference) tensors.set(`${layer}.bias`, bias);
  return true;
}

/** What an optimiser keeps of one parameter: tensors under plain names. */
function isOptimizerState(value: PickleValue): boolean {
  if (!(value instanceof Map) || value.size > 64) return false;
  const isPlain = [...value.keys()].every((key) => typeof key === 'string' && !key.includes('.'));
  return isPlain && [...value.values()].some((inner) => inner instanceof TensorReference);
}

function countTensors(root: PickleValue, seen: Set<PickleValue>): number {
  let count = 0;
  const stack = [root];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (value instanceof TensorReference) count++;
    if (!(Array.isArray(value) || value instanceof Map) || seen.has(value)) continue;
    seen.add(value);
    for (const inner of value.values()) stack.push(inner);
  }
  return count;
}

function hasShape({ shape }: FoundTensor): boolean {
  return shape.length > 0;
}

function noteOf({ path, tensors, leftOut }: Candidate): string[] {
  const where = path === '' ? '' : `${oneLine(path, 60)}: `;
  const notes: string[] = [];
  if (leftOut.length > 0) notes.push(`${where}left out, being no tensors: ${listKeys(leftOut)}`);
  const isQuantized = [...tensors.values()].some((t) => t instanceof TensorReference && t.type.startsWith('q'));
  const isFloat8 = [...tensors.values()].some((t) => t.type.startsWith('float8'));
  if (isQuantized)
    notes.push(`${where}quantised tensors are read as the float32 numbers that their integers stand for`);
  if (isFloat8) notes.push(`${where}float8 tensors are widened to float32`);
  return notes;
}

function noTensors(source: string, root: PickleValue, unnamedCount: number): WeightsFormatError {
  const got =
    unnamedCount > 0
      ? `${unnamedCount} tensors in a list, without names; save model.state_dict(), which names them`
      : `${describeValue(root)}; save the weights, with torch.save(model.state_dict(), path)`;
  return new WeightsFormatError('no-tensors', source, `expected tensors by name, got ${got}`);
}
