import { isForbidden } from './forbidden-names.ts';
import { makeKnownGlobals } from './known-globals.ts';
import { PickleError } from './pickle-error.ts';
import { GlobalName, type PickleValue } from './pickle-values.ts';

/** The classes and functions that a pickle names, each the same object wherever it is named. */
export class GlobalNames {
  #known: ReadonlyMap<string, GlobalName> | undefined;
  readonly #unknown = new Map<string, GlobalName>();

  /**
   * What a module's name stands for: what is known of it, or a name whose calls make placeholders.
   *
   * @throws PickleError (`forbidden-global`) for a name that only an attack asks for; (`unsupported`) for joblib's arrays,
   * which lie between the pickle's parts; (`corrupt`) for what is no name.
   */
  find(module: PickleValue | undefined, name: PickleValue | undefined): GlobalName {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw new PickleError('corrupt', 'expected the name of a class or function');
    }
    const path = printable(`${module}.${name}`);
    this.#known ??= makeKnownGlobals();
    const found = this.#known.get(path) ?? this.#unknown.get(path);
    if (found !== undefined) return found;
    if (path.startsWith('joblib.numpy_pickle')) {
      throw new PickleError('unsupported', 'expected arrays inside the pickle, got those of joblib between its parts');
    }
    if (isForbidden(path)) throw new PickleError('forbidden-global', `asks for ${path}, which is not run`);
    const unknown = new GlobalName(path);
    this.#unknown.set(path, unknown);
    return unknown;
  }
}

/** A name from the file, safe to print on one line. */
function printable(name: string): string {
  return name.replace(/[^\x21-\x7e]/g, '?').slice(0, 200);
}
