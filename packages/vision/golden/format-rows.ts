import { readGolden } from './pixels.ts';

/** A small file of some format, and what PIL gives. Digests are those of `digest`. */
export interface FormatRow {
  readonly format: string;
  readonly variation: string;
  /** PIL's mode. */
  readonly mode: string;
  readonly width: number;
  readonly height: number;
  readonly file: Uint8Array;
  /** Of PIL's `convert('RGB')`. */
  readonly plain: string;
  /** Of the same after `exif_transpose`. */
  readonly turned: string;
  /** Levels that pixels may differ by, and then PIL's pixels. */
  readonly tolerance: number;
  readonly pixels: Uint8Array;
  /** Of the first 60 % of the file, and of all but its last two bytes; empty where PIL refuses them. */
  readonly cut: string;
  readonly short: string;
  /** Whether PIL opens it and we refuse it by name. */
  readonly isRefused: boolean;
}

const REFUSED: readonly string[] = [
  'JPEG 2000, 16-bit grey',
  'JPEG 2000, RGB of 12 bits',
  'JPEG 2000, RGB of 16 bits',
  'TIFF, RGB, lzma',
  'TIFF, grey of 12 bits',
  'PSD, LAB',
  'DDS, compressed by BC5',
];

type Row = [string, string, string, number, [number, number], string, string, string, string, string, string];

/** What tooling/golden/pil_formats.py wrote. */
export function readFormatRows(): FormatRow[] {
  const { files } = readGolden<{ files: Row[] }>('formats.json');
  return files.map(([format, variation, mode, tolerance, [width, height], plain, turned, file, pixels, cut, short]) => {
    const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
    const isRefused = REFUSED.includes(`${format}, ${variation}`);
    const decoded = { file: bytes(file), pixels: bytes(pixels), isRefused };
    return { format, variation, mode, tolerance, width, height, plain, turned, cut, short, ...decoded };
  });
}
