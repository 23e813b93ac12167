/** A box of an ISO base media file (AVIF, HEIC). */
export interface MediaBox {
  /** Four letters. */
  readonly type: string;
  /** Where it begins, with its size. */
  readonly at: number;
  /** Where its content begins. */
  readonly start: number;
  readonly end: number;
}

/**
 * The boxes that lie between two places of a file, as far as they are whole.
 *
 * @see https://www.iso.org/standard/83102.html (ISO/IEC 14496-12, section 4.2)
 */
export function* mediaBoxes(view: DataView, start: number, end: number): Generator<MediaBox, void, undefined> {
  let at = start;
  while (at + 8 <= end) {
    const size = view.getUint32(at);
    const isLong = size === 1 && at + 16 <= end;
    const bytes = isLong ? Number(view.getBigUint64(at + 8)) : size === 0 ? end - at : size;
    const head = isLong ? 16 : 8;
    if (bytes < head || at + bytes > end) return;
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
    yield { type, at, start: at + head, end: at + bytes };
    at += bytes;
  }
}

/** The first box of a type. */
export function mediaBox(view: DataView, start: number, end: number, type: string): MediaBox | undefined {
  for (const box of mediaBoxes(view, start, end)) if (box.type === type) return box;
  return undefined;
}
