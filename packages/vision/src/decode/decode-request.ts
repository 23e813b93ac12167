import type { PictureFormat } from '../picture-format.ts';
import type { PixelImage } from '../pixel-image.ts';
import type { DecodeOptions } from '../pixel-limit.ts';

/** A file of a known format, and how its pixels are wanted. */
export interface DecodeRequest extends Required<DecodeOptions> {
  readonly bytes: Uint8Array;
  /** The file's path, or what stands for it in errors. */
  readonly source: string;
  readonly format: PictureFormat;
}

/** @throws DecodeError */
export type Decoder = (request: DecodeRequest) => Promise<PixelImage>;
