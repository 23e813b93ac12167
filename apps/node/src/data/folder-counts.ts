import { noneUsable } from '../folder-note.ts';

/** How many pictures could be used, over all and by their class's folder where they have one. */
export class FolderCounts {
  readonly #folders = new Map<string, { usable: number; unusable: number }>();
  #unusable = 0;

  add(folder: string | undefined, isUsable: boolean): void {
    if (!isUsable) this.#unusable += 1;
    if (folder === undefined) return;
    const counts = this.#folders.get(folder) ?? { usable: 0, unusable: 0 };
    counts[isUsable ? 'usable' : 'unusable'] += 1;
    this.#folders.set(folder, counts);
  }

  get unusable(): number {
    return this.#unusable;
  }

  /** A line for each folder of which no picture could be used. */
  get problems(): readonly string[] {
    return Array.from(this.#folders)
      .filter(([, { usable }]) => usable === 0)
      .map(([folder, { unusable }]) => `${folder}: ${noneUsable(unusable)}`);
  }
}
