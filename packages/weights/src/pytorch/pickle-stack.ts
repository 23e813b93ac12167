import { PickleError } from './pickle-error.ts';
import type { PickleValue } from './pickle-values.ts';

/** The stack of a pickle machine, with its marks. Every method throws `PickleError` (`corrupt`) for what is not there. */
export class PickleStack {
  readonly #values: PickleValue[] = [];
  readonly #marks: number[] = [];

  push(value: PickleValue): void {
    this.#values.push(value);
  }

  mark(): void {
    this.#marks.push(this.#values.length);
  }

  top(): PickleValue {
    const value = this.pop();
    this.#values.push(value);
    return value;
  }

  /** The topmost value; never one below the last mark. */
  pop(): PickleValue {
    if (this.#values.length > (this.#marks.at(-1) ?? 0)) return this.#values.pop()!;
    throw new PickleError('corrupt', 'expected a value on the stack');
  }

  /** As many values, in the order in which they were pushed. */
  popMany(count: number): PickleValue[] {
    const values: PickleValue[] = [];
    for (let i = 0; i < count; i++) values.unshift(this.pop());
    return values;
  }

  /** The values above the last mark, which goes too. */
  popToMark(): PickleValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw new PickleError('corrupt', 'expected a mark on the stack');
    return this.#values.splice(height);
  }

  /** Takes off a value, or a mark where one is on top. */
  drop(): void {
    if (this.#marks.at(-1) === this.#values.length) this.#marks.pop();
    else this.pop();
  }
}
