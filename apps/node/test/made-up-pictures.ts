import sharp from 'sharp';

/** A row of `classify`, as JSON lines have it. */
export interface AnswerRow {
  readonly file: string;
  readonly key?: string;
  readonly target?: number | string;
  readonly top: readonly { readonly index: number; readonly label: string; readonly score: number }[];
}

/** A PNG of 32 × 32, another for each number. */
export function madeUpPicture(index: number): Promise<Buffer> {
  const data = Buffer.from(Uint8Array.from({ length: 32 * 32 * 3 }, (_, at) => (at * (index + 3)) % 256));
  return sharp(data, { raw: { width: 32, height: 32, channels: 3 } })
    .png()
    .toBuffer();
}

/** JSON lines. */
export function parseRows(text: string): AnswerRow[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
