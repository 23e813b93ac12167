import { oneLine } from '../one-line.ts';
import { WeightsFormatError } from '../weights-format-error.ts';
import type { FactList } from './fact-list.ts';
import { asTensor, type FoundTensor, isUnreadTensor } from './found-tensor.ts';
import { type PickleDict, PickleObject, type PickleValue } from './pickle-values.ts';
import type { ScriptAttributes } from './script-code.ts';

const maxDepth = 64;
const maxSteps = 1_000_000;

/** Where a module's tensors go. */
export interface ModuleTensors {
  readonly tensors: Map<string, FoundTensor>;
  readonly unread: [name: string, by: string][];
  /** Children that are no `nn.Module`: they keep their tensors in ways of their own. */
  readonly leftOut: string[];
}

/** Whether an object is an `nn.Module` of any class, or a TorchScript module. */
export function isModule(object: PickleObject): boolean {
  return attributesOf(object) !== undefined;
}

/** A module's `__dict__`. torch.fx passes that of a `GraphModule` to the function that makes it. */
function attributesOf(object: PickleObject): PickleDict | undefined {
  const { state, args } = object;
  if (isScript(object)) return state instanceof Map ? state : undefined;
  for (const dict of [state, args[0]]) {
    if (!(dict instanceof Map)) continue;
    if (dict.get('_modules') instanceof Map && dict.get('_parameters') instanceof Map) return dict;
  }
  return undefined;
}

function isScript({ name }: PickleObject): boolean {
  return name.startsWith('__torch__.');
}

interface ModuleParts {
  readonly parameters: PickleDict;
  readonly buffers: PickleDict;
  /** Names of buffers that the state dict leaves out (`persistent=False`). */
  readonly excepted: readonly PickleValue[];
  readonly modules: PickleDict;
}

/** TorchScript keeps parameters, buffers and modules as attributes. */
function partsOf(module: PickleObject): ModuleParts {
  const state = attributesOf(module)!;
  if (isScript(module)) return { parameters: state, buffers: new Map(), excepted: [], modules: state };
  const dict = (name: string) => {
    const value = state.get(name);
    return value instanceof Map ? value : new Map();
  };
  const excepted = state.get('_non_persistent_buffers_set');
  return {
    parameters: dict('_parameters'),
    buffers: dict('_buffers'),
    excepted: (excepted instanceof PickleObject ? excepted.elements : undefined) ?? [],
    modules: dict('_modules'),
  };
}

/** Reads the whole modules of one file; the steps that it takes for all of them are bounded. */
export class ModuleReader {
  readonly #source: string;
  readonly #facts: FactList;
  readonly #script: ScriptAttributes;
  #stepsLeft = maxSteps;

  constructor(source: string, facts: FactList, script: ScriptAttributes) {
    this.#source = source;
    this.#facts = facts;
    this.#script = script;
  }

  /**
   * Collects what `module.state_dict()` would give, in its order, and what the modules say of themselves: the root's
   * class, `stride`, `padding`, `dilation`, `groups` and `eps`, and the classes of those without tensors.
   *
   * @returns The root's other attributes.
   * @throws WeightsFormatError where modules hold themselves, or are too many.
   * @see torch/nn/modules/module.py `state_dict`
   */
  collect(root: PickleObject, path: string, into: ModuleTensors): PickleDict {
    const open = new Set<PickleObject>();
    const visit = (module: PickleObject, prefix: string) => {
      if (open.has(module) || open.size > maxDepth) throw this.#endless(prefix);
      open.add(module);
      const { parameters, buffers, excepted, modules } = partsOf(module);
      const entries = parameters.size + buffers.size + excepted.length + modules.size;
      // Names are written out for each, and a long one may stand in every level.
      this.#spend(prefix, (1 + entries) * (1 + Math.floor(prefix.length / 32)));
      const sizeBefore = into.tensors.size;
      addTensors(into, prefix, parameters, []);
      addTensors(into, prefix, buffers, excepted);
      const children = [...modules].filter(isChild);
      for (const [child, value] of modules) {
        const isOpaque = !isScript(module) && value instanceof PickleObject && !isModule(value);
        if (isOpaque) into.leftOut.push(`${joined(prefix, String(child))} (${value.name})`);
      }
      const isLeaf = children.length === 0 && into.tensors.size === sizeBefore;
      this.#addFacts(joined(path, prefix), module, isLeaf || module === root);
      for (const [name, child] of children) visit(child, joined(prefix, name));
      open.delete(module);
    };
    visit(root, '');
    const isOwn = ([key, value]: [PickleValue, PickleValue]) =>
      typeof key === 'string' && !key.startsWith('_') && !into.tensors.has(key) && !isChild([key, value]);
    return new Map([...attributesOf(root)!].filter(isOwn));
  }

  #addFacts(path: string, module: PickleObject, isNamed: boolean): void {
    const { name } = module;
    const attributes = attributesOf(module)!;
    if (isNamed) this.#facts.addOfModule(path, '__class__', name.replace(/^__torch__\.|___torch_mangle_\d+\./g, ''));
    for (const [attribute, value] of this.#script.get(name) ?? []) this.#facts.addOfModule(path, attribute, value);
    for (const attribute of ['stride', 'padding', 'dilation', 'groups', 'eps']) {
      const value = attributes.get(attribute);
      if (typeof value === 'number' || typeof value === 'string') this.#facts.addOfModule(path, attribute, value);
      const isPair = Array.isArray(value) && value.length < 8 && value.every((size) => typeof size === 'number');
      if (isPair) this.#facts.addOfModule(path, attribute, value.join(','));
    }
  }

  #spend(prefix: string, steps: number): void {
    this.#stepsLeft -= steps;
    if (this.#stepsLeft < 0) throw this.#endless(prefix);
  }

  #endless(prefix: string): WeightsFormatError {
    const text = `${oneLine(prefix, 200)}: expected modules of at most ${maxDepth} levels and ${maxSteps} tensors, got more, or ones that hold themselves; save the state dict alone`;
    return new WeightsFormatError('too-large', this.#source, text);
  }
}

function isChild(entry: [PickleValue, PickleValue]): entry is [string, PickleObject] {
  const [name, child] = entry;
  return typeof name === 'string' && child instanceof PickleObject && isModule(child);
}

function addTensors(
  { tensors, unread }: ModuleTensors,
  prefix: string,
  entries: PickleDict,
  excepted: readonly PickleValue[],
): void {
  const left = new Set(excepted);
  for (const [name, value] of entries) {
    if (typeof name !== 'string' || left.has(name)) continue;
    const tensor = asTensor(value);
    if (tensor !== undefined) tensors.set(joined(prefix, name), tensor);
    else if (isUnreadTensor(value)) unread.push([joined(prefix, name), value.name]);
  }
}

function joined(prefix: string, name: string): string {
  return prefix === '' || name === '' ? prefix + name : `${prefix}.${name}`;
}
