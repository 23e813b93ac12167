import type { ModelStats } from '../metrics/model-observer.ts';
import { describe } from '../protocol/json-fields.ts';
import { ProtocolError } from '../protocol/protocol-error.ts';
import type { ModelName, ServedModel } from './served-model.ts';

/** Where models come from. */
export interface ModelRepository {
  /** Every model that could be loaded now. */
  list(): Promise<readonly ModelName[]>;
  /** @throws where it can't be loaded; the message is for whoever asked. */
  load(model: ModelName): Promise<ServedModel>;
}

/** A line of the repository's index. @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md */
export interface IndexEntry extends ModelName {
  readonly state: 'READY' | 'LOADING' | 'UNAVAILABLE';
  /** Why it is not ready; empty where it is. */
  readonly reason: string;
}

type Slot =
  | { readonly state: 'READY'; readonly model: ServedModel }
  | { readonly state: 'LOADING' }
  | { readonly state: 'UNAVAILABLE'; readonly reason: string };

/** The models that are served, by name and version. */
export class ModelStore {
  readonly #repository: ModelRepository;
  readonly #slots = new Map<string, Map<string, Slot>>();
  /** Loads and unloads of a name come one after the other. */
  readonly #changes = new Map<string, Promise<void>>();

  constructor(repository: ModelRepository) {
    this.#repository = repository;
  }

  /** Whether every model has a version that answers. */
  get isReady(): boolean {
    const names = [...this.#slots.keys()];
    return names.length > 0 && names.every((name) => this.has(name));
  }

  get models(): readonly ServedModel[] {
    return [...this.#slots.values()].flatMap((versions) =>
      [...versions.values()].flatMap((slot) => (slot.state === 'READY' ? [slot.model] : [])),
    );
  }

  /** A model's versions that answer, the newest last. */
  versionsOf(name: string): readonly string[] {
    const versions = [...(this.#slots.get(name) ?? [])].filter(([, { state }]) => state === 'READY');
    return versions.map(([version]) => version).sort(compareVersions);
  }

  /** A model that answers, by default its newest version. @throws ProtocolError with status 404, or 503 while it loads */
  get(name: string, version?: string): ServedModel {
    const chosen = version ?? this.versionsOf(name).at(-1);
    const slot = chosen === undefined ? undefined : this.#slots.get(name)?.get(chosen);
    if (slot?.state === 'READY') return slot.model;
    const what =
      version === undefined ? `model ${describe(name)}` : `model ${describe(name)}, version ${describe(version)}`;
    const all = [...(this.#slots.get(name)?.values() ?? [])];
    if (slot?.state === 'LOADING' || (chosen === undefined && all.some(({ state }) => state === 'LOADING')))
      throw new ProtocolError(503, `${what} is being loaded; try again later`);
    const known = this.models.map((model) => `${model.name} (version ${model.version})`).join(', ') || 'none';
    throw new ProtocolError(404, `${what} is not served; there are ${known}`.slice(0, 500));
  }

  /** Whether a model answers. */
  has(name: string, version?: string): boolean {
    const versions = this.versionsOf(name);
    return version === undefined ? versions.length > 0 : versions.includes(version);
  }

  /** Statistics of all models, of one, or of one's version. @throws as `get` */
  statistics(name?: string, version?: string): readonly ModelStats[] {
    if (name === undefined) return this.models.map(({ observer }) => observer.stats());
    if (version !== undefined || !this.has(name)) return [this.get(name, version).observer.stats()];
    return this.versionsOf(name).map((one) => this.get(name, one).observer.stats());
  }

  /** Everything that is there or could be loaded. */
  async index(): Promise<readonly IndexEntry[]> {
    const found = await this.#repository.list();
    const listed = new Map(
      found.map((model) => [keyOf(model), { ...model, state: 'UNAVAILABLE' as const, reason: 'unloaded' }]),
    );
    const entries = new Map<string, IndexEntry>(listed);
    for (const [name, versions] of this.#slots)
      for (const [version, slot] of versions) {
        const reason = slot.state === 'UNAVAILABLE' ? slot.reason : '';
        entries.set(keyOf({ name, version }), { name, version, state: slot.state, reason });
      }
    return [...entries.values()].sort(
      (one, other) => one.name.localeCompare(other.name) || compareVersions(one.version, other.version),
    );
  }

  /** Loads all that the repository has, one after the other. @throws as `load`, at the first that can't be loaded */
  async loadAll(): Promise<void> {
    const found = await this.#repository.list();
    for (const { name, version } of found) this.#versions(name).set(version, { state: 'LOADING' });
    for (const name of new Set(found.map((model) => model.name))) await this.load(name);
  }

  /**
   * Loads every version of a model that the repository has, or loads them again. Those that were there answer until the new
   * ones can; requests under way end with the model that they began with.
   *
   * @throws ProtocolError with status 404 where the repository has no such model, 400 where one can't be loaded.
   */
  load(name: string): Promise<void> {
    return this.#change(name, async () => {
      const found = (await this.#repository.list()).filter((model) => model.name === name);
      if (found.length === 0)
        throw new ProtocolError(404, `model ${describe(name)}: the repository has none of this name`);
      const kept = new Set(found.map(({ version }) => version));
      const gone = [...this.#versions(name).keys()].filter((version) => !kept.has(version));
      for (const model of found) await this.#loadVersion(model);
      for (const version of gone) await this.#remove(name, version);
    });
  }

  /** Takes a model out, after its requests under way. @throws ProtocolError with status 404 where it is not served. */
  unload(name: string): Promise<void> {
    return this.#change(name, async () => {
      const versions = [...(this.#slots.get(name)?.keys() ?? [])];
      if (versions.length === 0) throw new ProtocolError(404, `model ${describe(name)} is not served`);
      for (const version of versions) await this.#remove(name, version);
    });
  }

  /** Takes all out. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#slots.keys()].map((name) => this.unload(name)));
  }

  async #loadVersion(model: ModelName): Promise<void> {
    const { name, version } = model;
    const versions = this.#versions(name);
    const before = versions.get(version);
    if (before?.state !== 'READY') versions.set(version, { state: 'LOADING' });
    try {
      versions.set(version, { state: 'READY', model: await this.#repository.load(model) });
    } catch (error) {
      const reason = (error as Error).message;
      if (before?.state !== 'READY') versions.set(version, { state: 'UNAVAILABLE', reason });
      throw new ProtocolError(400, `model ${describe(name)}, version ${describe(version)}: ${reason}`, error);
    }
    if (before?.state === 'READY') await before.model.close();
  }

  async #remove(name: string, version: string): Promise<void> {
    const versions = this.#slots.get(name);
    const slot = versions?.get(version);
    versions?.delete(version);
    if (versions?.size === 0) this.#slots.delete(name);
    if (slot?.state === 'READY') await slot.model.close();
  }

  #versions(name: string): Map<string, Slot> {
    const versions = this.#slots.get(name) ?? new Map<string, Slot>();
    this.#slots.set(name, versions);
    return versions;
  }

  #change(name: string, change: () => Promise<void>): Promise<void> {
    const before = this.#changes.get(name) ?? Promise.resolve();
    const after = before.catch(() => undefined).then(change);
    this.#changes.set(name, after);
    return after.finally(() => {
      if (this.#changes.get(name) === after) this.#changes.delete(name);
    });
  }
}

function keyOf({ name, version }: ModelName): string {
  return `${name}/${version}`;
}

/** Numbers by their size, before names. */
function compareVersions(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
