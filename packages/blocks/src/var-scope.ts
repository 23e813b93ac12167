import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { Initializer } from './initializer.ts';
import type { Layout } from './layout.ts';

/** What a block asks of its scope for one variable. */
export interface VarSpec {
  /** In tfjs's layout: filters `[h, w, in / groups, out]`, matrices `[in, out]`. float32. */
  readonly shape: number[];
  readonly layout: Layout;
  readonly initializer: Initializer;
  /** False for running statistics. */
  readonly trainable: boolean;
}

/**
 * Where variables come from: makes the variable of a path. `randomVars` and `StateDictVars` make tfjs `Variable`s;
 * a tracer makes placeholders: `(path, spec) => tracer.parameter(path, spec.shape)`.
 */
export type VarSource = (path: string, spec: VarSpec) => Tensor;

/** A variable that a model has asked for. */
export interface VarEntry {
  readonly tensor: Tensor;
  readonly spec: VarSpec;
}

/**
 * A place in a model's tree of variables. A block asks it for variables by name and knows nothing of files or
 * initialisers. Paths are torchvision's: `vars.scope('layer1').scope('0')` → `layer1.0.conv1.weight`.
 */
export class VarScope {
  readonly path: string;
  /** Every variable asked for so far, in order, in all scopes of the tree; the owner of the tree disposes them. */
  readonly entries: ReadonlyMap<string, VarEntry>;
  readonly #source: VarSource;
  readonly #entries: Map<string, VarEntry>;

  constructor(source: VarSource, path = '', entries: Map<string, VarEntry> = new Map()) {
    this.path = path;
    this.entries = entries;
    this.#source = source;
    this.#entries = entries;
  }

  /** What was asked for, by path. */
  get specs(): ReadonlyMap<string, VarSpec> {
    return new Map([...this.#entries].map(([path, { spec }]) => [path, spec]));
  }

  scope(name: string): VarScope {
    return new VarScope(this.#source, this.pathOf(name), this.#entries);
  }

  /** Takes back what was asked for below this path, so that it can be asked for again. Whoever owns the tree disposes it. */
  forget(): VarEntry[] {
    const below = [...this.#entries].filter(([path]) => path.startsWith(this.pathOf('')));
    for (const [path] of below) this.#entries.delete(path);
    return below.map(([, entry]) => entry);
  }

  /** Takes over what was asked for in another tree, after what is there. @throws Error where a path is in both. */
  adopt(other: VarScope): void {
    for (const path of other.entries.keys()) this.#refuseTwice(path);
    for (const [path, entry] of other.entries) this.#entries.set(path, entry);
  }

  /** @throws Error where the path was already asked for. */
  variable(name: string, spec: VarSpec): Tensor {
    const path = this.pathOf(name);
    this.#refuseTwice(path);
    const tensor = this.#source(path, spec);
    this.#entries.set(path, { tensor, spec });
    return tensor;
  }

  #refuseTwice(path: string): void {
    if (this.#entries.has(path)) throw new Error(`${path}: asked for twice; give each block a scope of its own`);
  }

  /** A variable `[size]`. */
  vector(name: string, size: number, initializer: Initializer, trainable = true): Tensor1D {
    return this.variable(name, { shape: [size], layout: 'vector', initializer, trainable }) as Tensor1D;
  }

  pathOf(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}
