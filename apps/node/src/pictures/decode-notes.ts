import type { ImageNote, ImageNoteCode } from '@residual/vision';

/** One picture, and several, of each kind of note: what they are, and the option that changes it. */
const texts: Readonly<Record<ImageNoteCode, (count: number) => readonly [what: string, remedy: string]>> = {
  ORIENTATION_NOT_APPLIED: (count) =>
    count === 1
      ? ['1 picture carries an orientation that is not applied', '--orient turns it upright']
      : [`${count} pictures carry an orientation that is not applied`, '--orient turns them upright'],
  GREY_CLIPPED: (count) =>
    count === 1
      ? ['1 picture has 16-bit grey that is cut off at 255, as PIL does', '--grey16 high-byte keeps its shades']
      : [
          `${count} pictures have 16-bit grey that is cut off at 255, as PIL does`,
          '--grey16 high-byte keeps their shades',
        ],
};

/** What decoders noted about the pictures of a run: a line for each kind, however many pictures it is of. */
export class DecodeNotes {
  readonly #found = new Map<ImageNoteCode, { first: string; count: number }>();

  add(file: string, notes: readonly ImageNote[] = []): void {
    for (const { code } of notes) {
      const { first, count } = this.#found.get(code) ?? { first: file, count: 0 };
      this.#found.set(code, { first, count: count + 1 });
    }
  }

  get lines(): readonly string[] {
    return Array.from(this.#found, ([code, { first, count }]) => {
      const [what, remedy] = texts[code](count);
      return `note: ${what} (${count === 1 ? '' : 'first: '}${first}); ${remedy}`;
    });
  }
}
