const maxPlain = 2000;
const maxOfModules = 20_000;
const maxTextLength = 64 * 1024;

/** Plain values beside the tensors; only the first of them where there are many. */
export class FactList {
  readonly values: Map<string, string | number | boolean> = new Map();
  #plainLeft = maxPlain;
  #ofModulesLeft = maxOfModules;

  /** A value that the file's own writer put there. */
  add(path: () => string, value: string | number | boolean): void {
    if (this.#plainLeft === 0 || (typeof value === 'string' && value.length > maxTextLength)) return;
    this.#plainLeft--;
    this.values.set(path(), value);
  }

  /** What a module of a whole model says of itself. */
  addOfModule(path: string, name: string, value: string | number): void {
    if (this.#ofModulesLeft === 0) return;
    this.#ofModulesLeft--;
    this.values.set(path === '' ? name : `${path}.${name}`, value);
  }
}
