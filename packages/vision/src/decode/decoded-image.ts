import type { ImageNote } from '../image-note.ts';
import type { PixelImage } from '../pixel-image.ts';

/** A picture with its notes, if there are any. `data`: `[height, width, 3] uint8`. */
export function decodedImage(width: number, height: number, data: Uint8Array, notes: readonly ImageNote[]): PixelImage {
  return { width, height, channels: 3, data, ...(notes.length > 0 && { notes }) };
}
